"""Products that customers purchase."""

from __future__ import annotations

from tollhouse.apis.enswitch.functions.parameters import (
    CURRENCY,
    DECIMAL,
    DESCRIPTION,
    DESCRIPTION_LENGTH_MAX,
    INTEGER,
    KEY,
    LOGIN,
    NAME,
    NUMBER_MAX,
    TEXT,
    VALIDATION,
    Function,
    Parameter,
    an_id,
    flag,
)
from tollhouse.apis.enswitch.functions.shapes import (
    A_DECIMAL,
    A_FLAG,
    A_NEW_ID,
    A_TEXT,
    AN_INTEGER,
    a_list,
    an_object,
)
from tollhouse.apis.enswitch.functions.taxes import TAX
from tollhouse.ledger.commands import PRODUCT_TYPES
from tollhouse.ledger.refusals import (
    AmountOutOfRange,
    BuyOutOfRange,
    CustomerUnknown,
    ExchangeRateMissing,
    ListTooLong,
    ProductUnknown,
)

PERIODS = ("", "monthly", "quarterly", "annually")
QUANTITY_MAX = 1_000_000

_SEEN = {
    "id": AN_INTEGER,
    "name": A_TEXT,
    "customer": {"type": "integer", "description": "The owner; 0 where it is not the caller's to see."},
    "allow": AN_INTEGER,
    "amount": AN_INTEGER,
}
_BUYS = {"create_buy": A_DECIMAL, "period_buy": A_DECIMAL}
_SOLD = {
    "create_fee": A_DECIMAL,
    "currency": A_TEXT,
    "description": A_TEXT,
    "information": A_TEXT,
    "period": {"type": "string", "enum": list(PERIODS)},
    "period_fee": A_DECIMAL,
    "shared": A_FLAG,
    "type": {"type": "string", "enum": list(PRODUCT_TYPES)},
}
PRODUCT = an_object(**_SEEN, **_SOLD, **_BUYS)
#: A product as its buyers see it: with what it costs them, and not what it costs the seller.
OFFER = an_object(**_SEEN, **_SOLD)

PRODUCT_ID = an_id("id", "The product.", required=True)
_CUSTOMER = an_id("customer", "The customer; without it the caller's own.")


def _amount(name: str, about: str) -> Parameter:
    return Parameter(name, DECIMAL, about, least=0)


_FIELDS = (
    Parameter("allow", INTEGER, "Who may buy: 1 direct customers, -1 all below, 0 nobody.", least=-1, most=1),
    Parameter("amount", INTEGER, "Seconds, or simultaneous calls; by the type.", least=0, most=NUMBER_MAX),
    _amount("create_buy", "What a piece costs the seller at the purchase."),
    _amount("create_fee", "What a piece costs the customer at the purchase."),
    CURRENCY,
    DESCRIPTION,
    Parameter("information", TEXT, "What customers read before they buy.", length_max=DESCRIPTION_LENGTH_MAX),
    Parameter("period", TEXT, "How often the period's fee recurs; empty is never.", choices=PERIODS),
    _amount("period_buy", "What a piece costs the seller in each period."),
    _amount("period_fee", "What a piece costs the customer in each period."),
    flag("shared", "1 shares it with all customers below the owner."),
    Parameter("type", TEXT, "What it is.", choices=PRODUCT_TYPES),
)

CREATE_PRODUCT = Function(
    path="products/create",
    about="Make a product that customers can purchase.",
    parameters=(
        *LOGIN,
        NAME,
        *_FIELDS[:5],
        an_id("customer", "The owner; without it the caller's own customer."),
        *_FIELDS[5:],
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    data=A_NEW_ID,
    refusals={
        CustomerUnknown: ("400", "customer"),
        AmountOutOfRange: ("400", "create_fee"),
        BuyOutOfRange: ("400", "create_buy"),
    },
)
UPDATE_PRODUCT = Function(
    path="products/update",
    about="Change a product; what is left out stays. What was purchased stays as it is.",
    parameters=(
        *LOGIN,
        PRODUCT_ID,
        *_FIELDS[:7],
        Parameter("name", TEXT, "The name.", empty=False),
        *_FIELDS[7:],
        VALIDATION,
    ),
    privileges=("commerce",),
    below=("commerce",),
    is_change=True,
    refusals={
        ProductUnknown: ("404", "id"),
        AmountOutOfRange: ("400", "create_fee"),
        BuyOutOfRange: ("400", "create_buy"),
    },
)
GET_PRODUCT = Function(
    path="products/get",
    about="One product: one's own with commerce, one that can be purchased with administrator. Without a login only "
    "its information.",
    parameters=(*LOGIN, PRODUCT_ID),
    privileges=("administrator", "commerce"),
    below=("commerce",),
    optional_login="id",
    data={"anyOf": [PRODUCT, OFFER, an_object(information=A_TEXT)]},
    refusals={ProductUnknown: ("404", "id")},
)
LIST_PRODUCTS = Function(
    path="products/list",
    about="The products of a customer, or those that the caller's own customer can purchase, by id.",
    parameters=(
        *LOGIN,
        flag("available", "1 answers what can be purchased."),
        _CUSTOMER,
    ),
    privileges=("commerce",),
    below=("commerce",),
    modes={"available": ("administrator",)},
    data=a_list({"anyOf": [PRODUCT, OFFER]}),
    refusals={CustomerUnknown: ("400", "customer"), ListTooLong: ("400", "customer")},
)
PURCHASE_PRODUCT = Function(
    path="products/purchase",
    about="Buy a product: its fee is charged at once, and the period's fee will be in each period.",
    parameters=(
        *LOGIN,
        PRODUCT_ID,
        _CUSTOMER,
        Parameter("quantity", INTEGER, "How many.", least=1, most=QUANTITY_MAX),
        VALIDATION,
        KEY,
    ),
    privileges=("administrator",),
    below=("commerce", "wholesale"),
    is_change=True,
    refusals={
        CustomerUnknown: ("400", "customer"),
        ProductUnknown: ("400", "id"),
        ExchangeRateMissing: ("400", "id"),
        AmountOutOfRange: ("400", "quantity"),
    },
)
LIST_PRODUCT_TAXES = Function(
    path="products/taxes/list",
    about="The taxes that a customer would owe on a product, by id.",
    parameters=(*LOGIN, an_id("product", "The product.", required=True), _CUSTOMER),
    privileges=("administrator",),
    below=("commerce", "wholesale"),
    data=a_list(TAX),
    refusals={CustomerUnknown: ("400", "customer"), ListTooLong: ("400", "customer")},
)

FUNCTIONS = (
    CREATE_PRODUCT,
    UPDATE_PRODUCT,
    GET_PRODUCT,
    LIST_PRODUCTS,
    PURCHASE_PRODUCT,
    LIST_PRODUCT_TAXES,
)
