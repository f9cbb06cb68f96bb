"""Rate plans: what they are, what they ask for features and for products."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.enswitch.functions.parameters import (
    CURRENCY,
    DECIMAL,
    DESCRIPTION,
    INTEGER,
    LISTING,
    LOGIN,
    NAME,
    NUMBER_MAX,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
    sort_by,
)
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_FLAG,
    A_NEW_ID,
    A_TEXT,
    AN_INTEGER,
    Shape,
    a_listing,
    an_object,
)
from tollhouse.ledger.refusals import AmountOutOfRange, CustomerUnknown, PlanUnknown

SORTS = ("description", "name")
MODES = ("inheritable", "parent", "reseller", "signup", "system")

BILL_TYPES = ("external", "none", "prepaid", "prepaid_invoices", "prepaid_calls", "postpaid")
CONTRACTS = ("", "1_month", "3_month", "6_month", "1_year", "18_month", "2_year", "3_year")
BILLING_PERIODS = ("", "monthly", "quarterly", "annually")
DAYS_MAX = 3650


def _limit(name: str, about: str) -> Parameter:
    return Parameter(name, INTEGER, about + " -1 is no limit.", least=-1, most=NUMBER_MAX)


def _count(name: str, about: str) -> Parameter:
    return Parameter(name, INTEGER, about, least=0, most=NUMBER_MAX)


def _percent(name: str, about: str) -> Parameter:
    return Parameter(name, DECIMAL, f"Percent on {about}.", digits=(6, 6))


#: What is only kept and shown, with what it is where nobody said anything.
SETTINGS: dict[Parameter, str | int] = {
    Parameter("auto_topup", DECIMAL, "The balance that an automatic top-up leads to.", least=0): "0.00",
    flag("bill_defer", "1 bills features from the start of the next billing period on."): 0,
    Parameter("bill_type", TEXT, "How customers are billed.", choices=BILL_TYPES): "prepaid",
    Parameter("billing_period", TEXT, "How often fees are due; empty is never.", choices=BILLING_PERIODS): "monthly",
    _limit("bulk_calls", "Simultaneous calls of the bulk dialler."): -1,
    Parameter("call_maximum", DECIMAL, "Spending on calls a day; -1 is no limit.", least=-1): "-1.00",
    flag("callerid_in_external", "1 passes the caller's number on to telephones."): 1,
    flag("carry_forward_messages", "1 carries unused messages forward for one billing period."): 0,
    flag("carry_forward_seconds", "1 carries unused seconds of calls forward for one billing period."): 0,
    _limit("conference_calls", "Simultaneous conference calls."): -1,
    Parameter("contract", TEXT, "The least length of a contract; empty is none.", choices=CONTRACTS): "",
    _count("cos_timegroup", "Time group of the class of service; 0 none."): 0,
    Parameter("dialplan", TEXT, "Dial plan; empty is the default."): "",
    flag("external_out", "1 allows external calls."): 1,
    _limit("huntgroup_dests", "Destinations of a hunt group."): -1,
    _count("included_messages", "Messages included in each billing period."): 0,
    _count("included_seconds", "Seconds of calls included in each billing period."): 0,
    Parameter("inconnect_margin", DECIMAL, "Margin on the connection of calls in."): "0.00",
    _percent("inconnect_markup", "the connection of calls in"): "0.00",
    _percent("incost_markup", "the cost of calls in"): "0.00",
    _percent("inmessage_markup", "messages in"): "0.00",
    _percent("outconnect_markup", "the connection of calls out"): "0.00",
    _percent("outcost_markup", "the cost of calls out"): "0.00",
    _percent("outmessage_markup", "messages out"): "0.00",
}

_OURS = (
    CURRENCY,
    DESCRIPTION,
    an_id("inherit", "The rate plan that it inherits from; 0 none."),
    flag("inheritable", "1 lets rate plans of those below inherit from it."),
    Parameter("invoice_due", INTEGER, "Days until an invoice is due.", least=0, most=DAYS_MAX),
    Parameter("invoice_overdue", INTEGER, "Days from then until it is overdue; 0 is never.", least=0, most=DAYS_MAX),
    Parameter("shared", INTEGER, "1 shares it with direct customers, -1 with all below, 0 not.", least=-1, most=1),
)

_SHAPES: dict[str, Shape] = {TEXT: A_TEXT, DECIMAL: A_DECIMAL, INTEGER: AN_INTEGER}


def _by_name(*parameters: Parameter) -> tuple[Parameter, ...]:
    return tuple(sorted(parameters, key=lambda parameter: parameter.name))


#: What everybody may know of a plan.
PUBLIC = (
    "id",
    "name",
    "billing_period",
    "contract",
    "currency",
    "description",
    "included_messages",
    "included_seconds",
)

_COLUMNS: dict[str, Any] = {
    "id": AN_INTEGER,
    "name": A_TEXT,
    "customer": {"type": "integer", "description": "The owner; 0 where it is not the caller's to see."},
    **{parameter.name: _SHAPES[parameter.kind] for parameter in _by_name(*SETTINGS, *_OURS)},
}
PLAN = an_object(**_COLUMNS)
#: What those may know who use a plan that is not theirs to see: what the seller earns by it is not for them.
USED_PLAN = an_object(**{name: shape for name, shape in _COLUMNS.items() if not name.endswith(("_margin", "_markup"))})
PUBLIC_PLAN = an_object(**{name: _COLUMNS[name] for name in PUBLIC})

PLAN_ID = an_id("id", "The rate plan.", required=True)
_PLAN = an_id("plan", "The rate plan.", required=True)
_FEATURE = Parameter("feature", TEXT, "The feature, such as phone.", required=True, empty=False)
_OCCURS = Parameter("occurs", TEXT, "When the fee occurs, such as signup.", required=True, empty=False)

CREATE_PLAN = Function(
    path="plans/create",
    about="Make a rate plan.",
    parameters=(
        *LOGIN,
        NAME,
        *_by_name(*SETTINGS, *_OURS, an_id("customer", "The owner; without it the caller's own customer.")),
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={CustomerUnknown: ("400", "customer")},
)
UPDATE_PLAN = Function(
    path="plans/update",
    about="Change a rate plan; what is left out stays.",
    parameters=(
        *LOGIN,
        PLAN_ID,
        *_by_name(*SETTINGS, *_OURS, Parameter("name", TEXT, "The name.", empty=False)),
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={PlanUnknown: ("404", "id")},
)
GET_PLAN = Function(
    path="plans/get",
    about="One rate plan; with an id and without a login what everybody may know of it.",
    parameters=(*LOGIN, an_id("id", "The rate plan; without it the one that the caller's customer is on.")),
    privileges=(),
    below=("commerce",),
    optional_login="id",
    data={"anyOf": [PLAN, USED_PLAN, PUBLIC_PLAN]},
    refusals={PlanUnknown: ("404", "id")},
)
LIST_PLANS = Function(
    path="plans/list",
    about="The rate plans of a customer, or those of one of the modes, of which at most one may be given.",
    parameters=(
        *LOGIN,
        *_by_name(
            *LISTING,
            an_id("customer", "The customer; without it the caller's own. Needed with signup=1."),
            an_id("force", "With signup=1 only this rate plan."),
            flag("inheritable", "1 answers those that the customer's plans can inherit from."),
            Parameter("name", TEXT, "Only those whose name has this in it, in any case."),
            flag("parent", "1 answers those that the customer can be given by its parent."),
            flag("reseller", "1 answers those that the customer can give to customers of its own."),
            flag("signup", "1 answers those that one can sign up to, without a login."),
            sort_by(*SORTS),
            flag("system", "1 answers all on the system."),
            flag("us", "With reseller=1 also the one that the customer is on."),
        ),
    ),
    privileges=("commerce", "settings"),
    below=("commerce", "system"),
    public="signup",
    modes={"parent": ("user",), "system": ("system",)},
    data=a_listing({"anyOf": [PLAN, USED_PLAN, PUBLIC_PLAN]}),
    refusals={CustomerUnknown: ("400", "customer")},
)
GET_PLAN_FEE = Function(
    path="plans/fees/get",
    about="What a rate plan asks for a feature; with a plan also without a login.",
    parameters=(
        *LOGIN,
        _FEATURE,
        _OCCURS,
        an_id("customer", "For whom; without it the caller's own customer."),
        Parameter("currency", TEXT, "The currency wanted; without it the customer's, or the system's.", empty=False),
        an_id("plan", "The rate plan; without it the one that the customer is on."),
        flag("taxes", "1 includes the customer's taxes."),
    ),
    privileges=(),
    below=("commerce",),
    optional_login="plan",
    data=an_object(fee=A_DECIMAL, currency=A_TEXT, feature=A_TEXT, occurs=A_TEXT, plan=AN_INTEGER, taxes=A_FLAG),
    refusals={CustomerUnknown: ("400", "customer"), PlanUnknown: ("400", "plan"), AmountOutOfRange: ("400", "feature")},
)
SET_PLAN_FEE = Function(
    path="plans/fees/set",
    about="Say what a rate plan asks for a feature, in the plan's currency.",
    parameters=(
        *LOGIN,
        _FEATURE,
        _OCCURS,
        _PLAN,
        Parameter("fee", DECIMAL, "The fee; without it 0.00.", least=0),
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={PlanUnknown: ("400", "plan"), AmountOutOfRange: ("400", "fee")},
)


def _fee(name: str, about: str) -> Parameter:
    return Parameter(name, DECIMAL, about, least=0)


SET_PLAN_PRODUCT = Function(
    path="plans/products/create",
    about="Say what a product costs customers on a rate plan.",
    parameters=(
        *LOGIN,
        _PLAN,
        an_id("product", "The product.", required=True),
        _fee("create_fee", "At the purchase."),
        _fee("create_margin", "With use_markups=1: on top of the product's fee and percentage."),
        Parameter(
            "create_markup", DECIMAL, "With use_markups=1: percent on the product's fee.", least=-100, digits=(6, 6)
        ),
        CURRENCY,
        _fee("period_fee", "In each period."),
        _fee("period_margin", "With use_markups=1: on top of the product's fee and percentage."),
        Parameter(
            "period_markup", DECIMAL, "With use_markups=1: percent on the product's fee.", least=-100, digits=(6, 6)
        ),
        flag("use_markups", "1 takes percentages and margins, 0 the fees."),
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={PlanUnknown: ("400", "plan"), AmountOutOfRange: ("400", "create_fee")},
)

FUNCTIONS = (
    CREATE_PLAN,
    UPDATE_PLAN,
    GET_PLAN,
    LIST_PLANS,
    GET_PLAN_FEE,
    SET_PLAN_FEE,
    SET_PLAN_PRODUCT,
)
