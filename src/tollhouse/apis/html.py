"""What all pages of ours share: their templates, the files beside them, headers, and amounts as people read them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tollhouse.domain.money import exponent, major_from_minor
from tollhouse.domain.places import amount_shown
from tollhouse.web import Headers, Reply

HTML: Final = (b"content-type", b"text/html; charset=utf-8")
NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
#: What no answer of ours lets be kept, or taken for something else.
PRIVATE: Final[Headers] = ((b"cache-control", b"no-store"), NOSNIFF)
#: Nor framed, or reached by whoever opened it.
ALONE: Final[Headers] = ((b"x-frame-options", b"DENY"), (b"cross-origin-opener-policy", b"same-origin"))


def asset(file: Path, below: str, kind: bytes) -> tuple[str, Reply]:
    """A file of ours: its address below a path, which changes with it, and the reply."""
    body = file.read_bytes()
    reply = Reply(200, body, ((b"content-type", kind), (b"cache-control", b"public, max-age=86400"), NOSNIFF))
    return f"{below}/{file.name}?v={hashlib.sha256(body).hexdigest()[:12]}", reply


def environment(folder: Path, **filters: Callable[..., Any]) -> Environment:
    """The templates of a folder: everything shown is escaped, and what is not there is a fault."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= filters
    return made


def money(amount_minor: int, currency: str) -> str:
    """An amount with its currency, as finance people write it."""
    return exact(major_from_minor(amount_minor, currency), currency)


def exact(amount: Decimal, currency: str) -> str:
    """An amount before it is rounded, to its last decimal."""
    return amount_shown(amount, currency, exponent(currency))
