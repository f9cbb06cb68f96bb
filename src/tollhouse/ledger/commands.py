"""Requests to change something, as frozen values: what a wire hands to the ledger.

Every command names its tenant. `idempotency` is the caller's token and the key space it lives in; `content` is what the
token stands for: the parsed request before any default was taken from a clock.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from tollhouse.domain.decimals import decimal_text

TENANT_SCOPE = "tenant"
PUBLIC_SCOPE = "public"


def customer_scope(number: int) -> str:
    """The key space of a reseller's or customer's own people: nobody else can use up its keys."""
    return f"customer:{number}"


class Idempotency(msgspec.Struct, frozen=True):
    scope: str
    key: str


class Caller(msgspec.Struct, frozen=True):
    """A person as far as a decision needs it: who, whose, and how far down the tree they reach."""

    person_id: int
    customer_number: int
    path: str
    may_reach_below: bool

    def reaches(self, path: str) -> bool:
        """Whether a customer with this path is the caller's own or, where the caller may, below it."""
        return path.startswith(self.path) if self.may_reach_below else path == self.path


class Command(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: int
    idempotency: Idempotency | None = None

    #: The kinds of numbers that deciding may take from the store's blocks.
    numbers: ClassVar[tuple[str, ...]] = ()

    @property
    def weight(self) -> int:
        """How many facts the command may leave: the bound on a batch counts these."""
        return 1

    @property
    def writes(self) -> bool:
        """Whether it is to be done, not only decided: what writes nothing keeps no receipt."""
        return True

    def content(self) -> Any:
        """What the idempotency key stands for: every field but tenant, key and caller. Equal amounts are equal."""
        values = (getattr(self, name) for name in self.__struct_fields__ if name not in _NOT_CONTENT)
        return [type(self).__name__, *(decimal_text(v) if isinstance(v, Decimal) else v for v in values)]


_NOT_CONTENT = frozenset({"tenant_id", "idempotency", "caller", "validation", "self_charges"})


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Who is charged: the caller's own reference, an e-mail, or both. At least one is present."""

    reference: str | None
    email: str | None


class RecordedItem(msgspec.Struct, frozen=True, gc=False):
    """One charge that was collected elsewhere. `effective_at` None is the moment of recording."""

    amount_minor: int
    effective_at: int | None


class RecordCharges(Command, frozen=True, kw_only=True):
    """Record one or many charges of one customer, all or none, in the tenant's currency."""

    operation: str
    identity: Identity
    items: tuple[RecordedItem, ...]
    touch_session: bool

    numbers: ClassVar[tuple[str, ...]] = ("customer", "transaction")

    @property
    def weight(self) -> int:
        return len(self.items) or 1


class CreateCharge(Command, frozen=True, kw_only=True):
    """Create a charge on one customer (`plan_number` 0) or on everybody on a plan (`customer_number` 0).

    Moves no money. Without a currency it is the tenant's. `self_charges` says whether a customer's own people may
    create charges on it.
    """

    caller: Caller
    customer_number: int
    plan_number: int
    name: str
    amount: Decimal = Decimal(0)
    buy: Decimal = Decimal(0)
    currency: str | None = None
    description: str = ""
    period: str = ""
    start_at: int = 0
    end_at: int = 0
    number_max: int = 0
    validation: bool = False
    self_charges: bool = True

    numbers: ClassVar[tuple[str, ...]] = ("charge",)

    @property
    def writes(self) -> bool:
        return not self.validation


class UpdateCharge(Command, frozen=True, kw_only=True):
    """Change a charge; None leaves a field as it is. Affects later events only."""

    caller: Caller
    charge_id: int
    name: str | None = None
    amount: Decimal | None = None
    buy: Decimal | None = None
    currency: str | None = None
    description: str | None = None
    period: str | None = None
    start_at: int | None = None
    end_at: int | None = None
    number_max: int | None = None
    validation: bool = False


class DeleteCharge(Command, frozen=True, kw_only=True):
    """Stop a charge. Its transactions stay and keep its id."""

    caller: Caller
    charge_id: int


class ChargeNow(Command, frozen=True, kw_only=True):
    """Charge an existing charge now: a transaction with its taxes, and the balance, in one commit."""

    caller: Caller
    charge_id: int

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)


TAXABLE = ("accounts", "calls", "cardgroups", "charges", "features", "messages", "numbers", "products")


class CreateTax(Command, frozen=True, kw_only=True):
    """Create a tax held by a customer (the seller); without an owner by the caller's.

    `rate` is percent, `flat` major units of `currency`, which without one is the tenant's. `covers` are the kinds of
    transactions (TAXABLE) to which it applies by default; `liable` says which customers are: 0 none, 1 new ones, 2 all.
    """

    caller: Caller
    owner_number: int | None
    name: str
    description: str
    rate: Decimal
    flat: Decimal
    currency: str | None
    covers: frozenset[str]
    liable: int
    shared: bool
    validation: bool = False

    numbers: ClassVar[tuple[str, ...]] = ("tax",)


class SetLiability(Command, frozen=True, kw_only=True):
    """Say whether one object is liable to a tax, whatever the tax's own default.

    `object_type` is charge, customer, product or cardgroup.
    """

    caller: Caller
    tax_id: int
    object_type: str
    object_id: int
    liable: bool


class StartPurchase(Command, frozen=True, kw_only=True):
    """Buy a plan once with the customer's default payment method: price it, check it, write the intent.

    `quantities` are pairs of feature identifier and count, in the order sent. `country_of_ip` is the country of the
    buyer's address or None where there is none. `gateways` are those that can be called; `call_seconds` is how long
    one may take, and `resolve_after_seconds` how long after that an open outcome is looked up. `shows_features` says
    whether the answer lists what was bought.
    """

    plan_identifier: str
    customer_reference: str
    quantities: tuple[tuple[str, int], ...]
    currency: str | None
    ip_address: str | None
    country_of_ip: str | None
    custom_amount: Decimal | None
    tax_behavior: str | None
    gateways: frozenset[str]
    call_seconds: int
    resolve_after_seconds: int
    shows_features: bool

    numbers: ClassVar[tuple[str, ...]] = ("payment", "transaction")

    def content(self) -> Any:
        return [
            "purchase",
            self.plan_identifier,
            self.customer_reference,
            self.quantities,
            self.currency,
            self.ip_address,
            None if self.custom_amount is None else decimal_text(self.custom_amount),
            self.tax_behavior,
        ]


class GatewayAnswer(msgspec.Struct, frozen=True):
    """What a gateway said, in our words: `outcome` is succeeded, declined, absent or unknown.

    absent: the gateway knows for certain that it took nothing under this key and never will.
    unknown: no answer, or one we do not understand; never to be read as a decline.
    """

    outcome: str
    decline_code: str = ""
    decline_text: str = ""
    reference: str = ""


class SettlePurchase(Command, frozen=True, kw_only=True):
    """Write down what the gateway answered about a pending payment. Settles it at most once.

    `kind` is charge or look_up; `attempt_no` counts the calls about this payment, the charge being the first. A repeat
    with the same number writes the same.
    """

    payment_id: int
    customer_number: int
    kind: str
    attempt_no: int
    answer: GatewayAnswer
    started_at: int
    ended_at: int
    resolve_after_seconds: int

    numbers: ClassVar[tuple[str, ...]] = ("transaction",)


class ClaimUnresolved(Command, frozen=True, kw_only=True):
    """Take up to `count` pending payments whose look-up is due; nobody else gets them for `lease_seconds`."""

    count: int
    lease_seconds: int
    resolve_after_seconds: int


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What was committed. `replayed` tells that this command changed nothing: an earlier one with its key did."""

    result: Any
    replayed: bool = False
