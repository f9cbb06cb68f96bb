"""From ENSwitch's wire to values and commands.

Parameters come in the query and, with POST, in the body; the body wins. They are parsed from the raw bytes: `;` separates
as `&` does, nothing is joined, guessed or cut. Every fault that can be told from the request alone is found before one is
answered, in the order of the function's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, FormParser, parse_options_header

from tollhouse.apis.enswitch import functions
from tollhouse.apis.enswitch.functions import DECIMAL, INTEGER, Function, Parameter
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.domain import money, periods
from tollhouse.domain.decimals import DecimalMalformed, DecimalOutOfRange, decimal_from_text
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import (
    TAXABLE,
    Caller,
    ChargeNow,
    CreateCharge,
    CreateTax,
    DeleteCharge,
    Idempotency,
    SetLiability,
    UpdateCharge,
)
from tollhouse.ledger.queries import StatementWanted

#: More parameters than this cannot be meant.
PARAMETERS_MAX = 1000

#: No object has this id: what is well-formed but beyond the ids there can be.
NO_ID = -1
_ID_MAX = 2**53 - 1

_SEPARATORS = re.compile(rb"[&;]")
_INTEGER = re.compile(r"-?[0-9]+")
_INTEGER_DIGITS_MAX = 18
_FORM = "application/x-www-form-urlencoded"

#: A parameter as sent: bytes that are meant as text, or None for a JSON value that is neither text nor number.
Raw = bytes | None


class Unreadable(ValueError):
    """The body, or the whole of what was sent, cannot be taken apart; the sentence says why."""


class Invalid(ValueError):
    """Parameters that were refused: a name and a sentence for each, in the function's order."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(sentence for _, sentence in faults))
        self.faults = faults


class Sent:
    """What a call sent: for each name its values, and why the body could not be read where it could not."""

    def __init__(self, query: bytes, body: bytes, content_type: str | None) -> None:
        self.values: dict[str, list[Raw]] = {}
        self.unreadable: str | None = None
        try:
            self._add(_pairs(query))
            if body:
                self._add(_body_pairs(body, content_type))
        except Unreadable as error:
            self.unreadable = str(error)

    def _add(self, pairs: list[tuple[bytes, Raw]]) -> None:
        """Later sources win over earlier ones, name by name; a name that is no UTF-8 is none that we know."""
        values: dict[str, list[Raw]] = {}
        for name, value in pairs:
            values.setdefault(name.decode("utf-8", "replace"), []).append(value)
        self.values.update(values)

    def has(self, name: str) -> bool:
        return name in self.values


class Given:
    """The parameters of one function that were given and are good, and the faults of those that are not."""

    def __init__(self, sent: Sent, parameters: Sequence[Parameter]) -> None:
        self._order = {parameter.name: position for position, parameter in enumerate(parameters)}
        self._values: dict[str, Any] = {}
        self._faults: dict[str, str] = {}
        if sent.unreadable is not None:
            self.refuse("", sent.unreadable)
        for parameter in parameters:
            try:
                if parameter.name in sent.values:
                    self._values[parameter.name] = _value(parameter, sent.values[parameter.name])
                elif parameter.required:
                    raise _Bad("is required.")
            except _Bad as error:
                self.refuse(parameter.name, f"{parameter.name} {error}")

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def is_bad(self, name: str) -> bool:
        return name in self._faults

    def refuse(self, name: str, sentence: str) -> None:
        """Note a fault; of several about one parameter the first stays."""
        self._faults.setdefault(name, sentence)

    def check(self) -> None:
        """Raises Invalid when anything was refused."""
        if self._faults:
            raise Invalid(sorted(self._faults.items(), key=lambda fault: self._order.get(fault[0], -1)))


class _Bad(ValueError):
    """Why a value is refused, without the parameter's name and without the value."""


# Functions' parameters.


def login_from_wire(sent: Sent) -> tuple[str, str] | None:
    """Username and password; None where one is not given. Raises Invalid for one that cannot be read."""
    given = Given(Sent(b"", b"", None), ())
    texts = []
    for name in (functions.USERNAME.name, functions.PASSWORD.name):
        try:
            texts.append(_text_from_wire(sent.values[name]) if sent.has(name) else "")
        except _Bad as error:
            given.refuse(name, f"{name} {error}")
    given.check()
    username, password = texts
    if not username or not password:
        if sent.unreadable is not None:
            raise Invalid([("", sent.unreadable)])
        return None
    return username, password


def charge_to_create(
    given: Given, *, tenant_id: int, caller: Caller, idempotency: Idempotency | None, self_charges: bool
) -> CreateCharge:
    customer_number, plan_number = _one_target(given)
    start_at, end_at = _window(given)
    _check_currency(given)
    given.check()
    return CreateCharge(
        tenant_id=tenant_id,
        idempotency=idempotency,
        caller=caller,
        customer_number=customer_number,
        plan_number=plan_number,
        name=given.get("name"),
        amount=given.get("amount", Decimal(0)),
        buy=given.get("buy", Decimal(0)),
        currency=given.get("currency"),
        description=given.get("description", ""),
        period=given.get("period", ""),
        start_at=start_at or 0,
        end_at=end_at or 0,
        number_max=given.get("number", 0),
        validation=given.get("validation", 0) == 1,
        self_charges=self_charges,
    )
