"""What every refusal is, and what is no fault of a command."""

from __future__ import annotations


class Refusal(Exception):
    """A command was understood and refused; nothing changed."""


class FieldRefused(Refusal):
    """One field of what was sent cannot be, as things stand; the sentence says why. `field` is its camelCase name."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class IdempotencyKeyReused(Refusal):
    def __init__(self) -> None:
        super().__init__("This idempotency key was used before with other content.")


class TenantBlocked(Refusal):
    def __init__(self) -> None:
        super().__init__("This organization is blocked and cannot charge.")


class ClockNotOurs(Refusal):
    def __init__(self) -> None:
        super().__init__("Only a tenant provisioned with a clock of its own can have its time moved.")


class ClockBackwards(Refusal):
    def __init__(self) -> None:
        super().__init__("A clock is only moved forward.")


class StatementTooLong(Refusal):
    def __init__(self, lines_max: int) -> None:
        super().__init__(f"There are more than {lines_max} transactions: ask for a shorter time.")


class ListTooLong(Refusal):
    def __init__(self, rows_max: int) -> None:
        super().__init__(f"There are more than {rows_max} rows: ask for fewer with limit and offset.")


class StoreUnavailable(Exception):
    """The store failed or stayed busy: the command is not acknowledged and may or may not have happened.

    Not a refusal: with an idempotency key the caller may safely try again.
    """


class Overloaded(Exception):
    """The bounded queue is full. Nothing happened; try again shortly."""
