"""What a page says of what was just done. An address names the sentence and cannot bring one of its own."""

from __future__ import annotations

from typing import Final

#: By what a redirect says in `told`.
TOLD: Final[dict[str, str]] = {
    "saved": "Saved.",
}
