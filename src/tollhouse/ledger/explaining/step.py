"""What an explanation is made of."""

from __future__ import annotations

from typing import Any

import msgspec


class Step(msgspec.Struct, frozen=True):
    """One step: `what` it is, a sentence that `says` it, and its `figures` by name: texts and whole numbers."""

    what: str
    says: str
    figures: dict[str, Any] = {}
