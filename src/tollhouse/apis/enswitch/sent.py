"""From ENSwitch's wire to values.

Parameters come in the query and, with POST, in the body; the body wins. They are parsed from the raw bytes: `;`
separates as `&` does, and nothing is joined, guessed or cut. Every fault that can be told from the request alone is
found before one is answered, in the order of the function's parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, FormParser, parse_options_header

from tollhouse.apis.enswitch.functions import parameters
from tollhouse.apis.enswitch.functions.parameters import DECIMAL, INTEGER, Parameter
from tollhouse.apis.people.login import Credentials, SecondStep
from tollhouse.apis.strict_json import JsonMalformed, parse
from tollhouse.domain import money
from tollhouse.domain.decimals import DecimalMalformed, DecimalOutOfRange, decimal_from_text
from tollhouse.domain.identity import is_storable
from tollhouse.ledger.commands import Idempotency

#: More parameters than this cannot be meant.
PARAMETERS_MAX = 1000

#: No object has this id: what is well-formed but beyond the ids there can be.
NO_ID = -1
_ID_MAX = 2**53 - 1

_SEPARATORS = re.compile(rb"[&;]")
_INTEGER = re.compile(r"-?[0-9]+")
_INTEGER_DIGITS_MAX = 18

#: A parameter as sent: bytes that are meant as text, or None for a JSON value that is neither text nor number.
Raw = bytes | None


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
        except _Unreadable as error:
            self.unreadable = str(error)

    def _add(self, pairs: list[tuple[bytes, Raw]]) -> None:
        """Later sources win over earlier ones, name by name. A name that is not UTF-8 is none that we know."""
        values: dict[str, list[Raw]] = {}
        for name, value in pairs:
            values.setdefault(name.decode("utf-8", "replace"), []).append(value)
        self.values.update(values)


class Given:
    """The parameters of one function that were given and are good, and the faults of those that are not."""

    def __init__(self, sent: Sent, parameters: Sequence[Parameter]) -> None:
        self._unreadable = sent.unreadable
        self._order = {parameter.name: position for position, parameter in enumerate(parameters)}
        self._values: dict[str, Any] = {}
        self._faults: dict[str, str] = {}
        for parameter in parameters:
            try:
                if parameter.name in sent.values:
                    self._values[parameter.name] = _value(parameter, sent.values[parameter.name])
                elif parameter.required:
                    raise _Bad("is required.")
            except _Bad as error:
                self.refuse(parameter.name, f"{parameter.name} {error}")

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a parameter, or the default where it was not given or not good."""
        return self._values.get(name, default)

    def refuse(self, name: str, sentence: str) -> None:
        """Note a fault; of several about one parameter the first stays."""
        self._faults.setdefault(name, sentence)

    def has_fault(self, *names: str) -> bool:
        return any(name in self._faults for name in names)

    def check(self) -> None:
        """Raises Invalid when anything was refused. Of what could not be read nothing more is said."""
        if self._unreadable is not None:
            raise Invalid([("", self._unreadable)])
        if self._faults:
            raise Invalid(sorted(self._faults.items(), key=lambda fault: self._order[fault[0]]))


# Parameters that many functions take.


def login_from_wire(sent: Sent) -> Credentials | None:
    """Who calls: a token before a username and password. None where neither was given."""
    given = Given(sent, parameters.LOGIN)
    token, username, password = given.get("auth_token"), given.get("auth_username"), given.get("auth_password")
    if token:
        return Credentials(token=token)
    if username and password and not given.has_fault("auth_token"):
        return Credentials(username=username, password=password)
    given.check()
    return None


def second_step_from_wire(sent: Sent) -> SecondStep:
    given = Given(sent, parameters.SECOND_STEP)
    given.check()
    return SecondStep(given.get("auth_code", "").strip(), given.get("totp_token", ""))


def idempotency_from_wire(given: Given, header: str | None, scope: str) -> Idempotency | None:
    """The caller's token, from the header or else the parameter. One that cannot be kept is noted as a fault."""
    key = given.get("idempotency_key") if header is None else header
    if key is None:
        return None
    if not 1 <= len(key) <= parameters.KEY_LENGTH_MAX or not is_storable(key):
        given.refuse("idempotency_key", f"idempotency_key must have 1 to {parameters.KEY_LENGTH_MAX} characters.")
    return Idempotency(scope, key)


def currency_from_wire(given: Given, name: str = "currency") -> str | None:
    """The upper-case code of a currency that there is; None where it was not given. Notes a fault."""
    text: str | None = given.get(name)
    if text is None:
        return None
    if not (text.isascii() and money.is_currency(text.upper())):
        given.refuse(name, f"{name} must be the ISO 4217 code of a currency.")
    return text.upper()


# Values.


class _Bad(ValueError):
    """Why a value is refused: a sentence without the parameter's name in front, and never with the value."""


def _value(parameter: Parameter, sent: list[Raw]) -> str | int | Decimal:
    if len(sent) > 1:
        raise _Bad("is given more than once.")
    (raw,) = sent
    if raw is None:
        raise _Bad("must be a text or a number.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Bad("must be UTF-8.") from error
    if parameter.kind == INTEGER:
        return _integer(parameter, text)
    if parameter.kind == DECIMAL:
        return _decimal(parameter, text)
    return _text(parameter, text)


def _text(parameter: Parameter, text: str) -> str:
    if parameter.choices:
        if text not in parameter.choices:
            *some, last = (choice or "empty" for choice in parameter.choices)
            raise _Bad(f"must be {', '.join(some)} or {last}.")
    elif not parameter.empty and not text.strip():
        raise _Bad("must not be empty.")
    elif len(text) > parameter.length_max:
        raise _Bad(f"must have at most {parameter.length_max} characters.")
    elif not is_storable(text):
        raise _Bad("has a character that cannot be stored.")
    return text


def _integer(parameter: Parameter, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _Bad("must be an integer.")
    digits = text.lstrip("-").lstrip("0") or "0"
    value = int(digits) if len(digits) <= _INTEGER_DIGITS_MAX else 10**_INTEGER_DIGITS_MAX
    value = -value if text.startswith("-") else value
    if parameter.least is None or parameter.most is None:
        return value if 0 <= value <= _ID_MAX else NO_ID
    if not parameter.least <= value <= parameter.most:
        raise _Bad(f"must be between {parameter.least} and {parameter.most}.")
    return value


def _decimal(parameter: Parameter, text: str) -> Decimal:
    before, behind = parameter.digits
    try:
        value = decimal_from_text(text, integer_digits_max=before, decimals_max=behind)
    except DecimalMalformed as error:
        raise _Bad("must be a decimal number such as 10.50.") from error
    except DecimalOutOfRange as error:
        raise _Bad(f"must have at most {before} digits before the point and {behind} decimals.") from error
    if parameter.least is not None and value < parameter.least:
        raise _Bad(f"must be at least {parameter.least}.")
    return value


# Bytes.


class _Unreadable(ValueError):
    """What was sent cannot be taken apart; the sentence says why."""


def _body_pairs(body: bytes, content_type: str | None) -> list[tuple[bytes, Raw]]:
    kind, options = parse_options_header(content_type)
    if kind in (b"", b"application/x-www-form-urlencoded"):
        return _pairs(body)
    if kind == b"multipart/form-data":
        return _multipart_pairs(body, options.get(b"boundary", b""))
    if kind == b"application/json":
        return _json_pairs(body)
    raise _Unreadable("The body must be a form.")


def _pairs(text: bytes) -> list[tuple[bytes, Raw]]:
    """Names and values between `&` or `;`, percent-decoded to bytes; `+` is a space."""
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    if len(pieces) > PARAMETERS_MAX:
        raise _Unreadable(_TOO_MANY)
    pairs: list[tuple[bytes, Raw]] = []
    for piece in pieces:
        name, _, value = piece.replace(b"+", b" ").partition(b"=")
        pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return pairs


def _multipart_pairs(body: bytes, boundary: bytes) -> list[tuple[bytes, Raw]]:
    if not boundary:
        raise _Unreadable("The form has no boundary.")
    if body.count(b"--" + boundary) > PARAMETERS_MAX:
        raise _Unreadable(_TOO_MANY)
    pairs: list[tuple[bytes, Raw]] = []
    ends: list[bool] = []

    def on_field(field: Field) -> None:
        pairs.append((field.field_name or b"", field.value or b""))

    try:
        parser = FormParser("multipart/form-data", on_field, None, lambda: ends.append(True), boundary)
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise _Unreadable("The form is malformed.") from error
    if not ends:
        raise _Unreadable("The form has no end.")
    return pairs


def _json_pairs(body: bytes) -> list[tuple[bytes, Raw]]:
    try:
        value = parse(body)
    except JsonMalformed as error:
        raise _Unreadable(str(error)) from error
    if not isinstance(value, dict):
        raise _Unreadable("A JSON body must be one flat object.")
    return [(_bytes(name), _raw_from_json(member)) for name, member in value.items()]


def _raw_from_json(value: Any) -> Raw:
    if isinstance(value, bool):
        return b"1" if value else b"0"
    return _bytes(str(value)) if isinstance(value, str | int | Decimal) else None


def _bytes(text: str) -> bytes:
    """As UTF-8; half a character, which JSON can spell, comes out as bytes that are none."""
    return text.encode("utf-8", "surrogatepass")


_TOO_MANY = "There are too many parameters."
