"""Struct types that are read from JSON or values, worked out before there are threads.

msgspec works out a Struct's fields when something is first decoded into it, and two threads that do so at once crash
the interpreter (0.22.0). So nothing is decoded into a Struct but by a Shape, made where its module is imported.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Shape(Generic[T]):
    """Safe for threads. Both raise msgspec.ValidationError for what does not fit, `from_json` also DecodeError."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def from_json(self, text: str | bytes | msgspec.Raw) -> T:
        return self._decoder.decode(text)

    def from_value(self, value: Any) -> T:
        return msgspec.convert(value, self.kind)
