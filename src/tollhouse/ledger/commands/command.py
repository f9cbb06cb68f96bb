"""What every command is, and who gives it."""

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


class Actor(msgspec.Struct, frozen=True):
    """On whose word something is done, for the audit log.

    `kind` is person, key or operator (whoever may run commands on the server); `name` the username, or the name of the
    key. `customer_number` and `path` are whose person it is; of a key and of the operator they are the root's. `door`
    is where it came in, `address` from where: empty where there is none.
    """

    kind: str
    person_id: int
    name: str
    customer_number: int
    path: str
    door: str
    address: str = ""


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """`by` is who is answerable for it: what a command with an actor changes is in the audit log, in the same
    commit."""

    tenant_id: int
    idempotency: Idempotency | None = None
    by: Actor | None = None

    #: The kinds of numbers that deciding may take from the store's blocks.
    numbers: ClassVar[tuple[str, ...]] = ()
    #: Whether it changes what the book cannot show to later commands of its batch: it has a unit of work of its own.
    alone: ClassVar[bool] = False

    @property
    def weight(self) -> int:
        """How many facts the command may leave: the bound on a batch counts these."""
        return 1

    def numbers_wanted(self) -> dict[str, int]:
        """How many numbers of each kind it may take."""
        return dict.fromkeys(self.numbers, self.weight)

    @property
    def writes(self) -> bool:
        """Whether it is to be done, not only decided: what writes nothing keeps no receipt."""
        return True

    def content(self) -> Any:
        """What the idempotency key stands for: every field but tenant, key and caller. Equal amounts are equal."""
        values = (getattr(self, name) for name in self.__struct_fields__ if name not in _NOT_CONTENT)
        return [type(self).__name__, *(decimal_text(v) if isinstance(v, Decimal) else v for v in values)]


_NOT_CONTENT = frozenset(
    {"tenant_id", "idempotency", "by", "caller", "validation", "self_charges", "agreed_minor", "browser", "places"}
)


class CheckableCommand(Command, frozen=True, kw_only=True):
    """A command that may also only be checked: with `validation` everything is decided and nothing is done."""

    validation: bool = False

    @property
    def writes(self) -> bool:
        return not self.validation


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What was committed. `replayed` tells that this command changed nothing: an earlier one with its key did."""

    result: Any
    replayed: bool = False
