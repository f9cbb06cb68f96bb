"""Customers and what is kept of them."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class CustomerUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Customer does not exist.")


class ParentUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Parent does not exist.")


class ParentTooDeep(Refusal):
    def __init__(self) -> None:
        super().__init__("The customer would be too far below the system owner.")


class ParentIsBelow(Refusal):
    def __init__(self) -> None:
        super().__init__("A customer cannot be put under itself or under one that is below it.")


class ParentDecides(Refusal):
    """People of a customer would change of it what its parent decides. `field` is the name of it."""

    def __init__(self, field: str) -> None:
        super().__init__("Nobody may change this of their own customer: its parent does.")
        self.field = field


class AffiliateUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Affiliate customer does not exist.")


class ReferenceTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("Another customer has this reference.")


class ReferenceReserved(Refusal):
    """References name customers at all doors, whose keys are the tenant's: so the root's people give them."""

    def __init__(self) -> None:
        super().__init__("Only people of the system owner may set a reference.")


class EmailTaken(Refusal):
    """Of customers that have nothing but an e-mail, one can have it."""

    def __init__(self) -> None:
        super().__init__("Another customer that is known by its e-mail alone has this e-mail.")


class CustomerInUse(Refusal):
    """A customer that cannot be deleted, undeleted or moved; the sentence says why."""


class TooManyDefinitions(Refusal):
    """The tenant would have more traits, events or tags than it may; `kind` says of which."""

    def __init__(self, kind: str, most: int) -> None:
        super().__init__(f"There may be at most {most} {kind}: no more are made.")
        self.kind = kind


class SegmentUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Segment does not exist.")


class SegmentRefused(Refusal):
    """A part of a segment that cannot be as it was given. `field` is its place, such as rules.2.value."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


class SegmentsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} segments already; remove one first.")
