"""API keys and rates of exchange."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class KeyUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("API key does not exist.")


class KeyRefused(Refusal):
    """A field of an API key that cannot be as it was given."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class KeyNameTaken(KeyRefused):
    def __init__(self) -> None:
        super().__init__("name", "is another key's.")


class KeysTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} API keys already; revoke one first.")


class RateRefused(Refusal):
    """A field of a rate of exchange that cannot be as it was given."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
