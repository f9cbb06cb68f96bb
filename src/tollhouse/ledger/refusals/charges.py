"""Charges, whether on a schedule or recorded."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class SelfChargeRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Here nobody may create charges on their own customer.")


class ChargeUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Charge does not exist.")


class NotCollectedElsewhere(Refusal):
    """A charge that is corrected where it was made. `settlement` is how it settles."""

    def __init__(self, settlement: str) -> None:
        super().__init__(
            "A gateway took this charge: have its order refunded, through Kelviq's refunds (/api/v1/refunds/)."
            if settlement == "gateway"
            else "This charge is one of ENSwitch's: give it back as a credit, through ENSwitch's transactions/create."
        )
        self.settlement = settlement


class AlreadyVoided(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is void: it was taken back as a mistake.")


class ChargeRefunded(Refusal):
    """What was paid back of a charge, or without naming one, needs the charge."""

    def __init__(self) -> None:
        super().__init__("Of this charge something was paid back already, so it cannot be void: refund what remains.")


class RefundExceedsCharge(Refusal):
    """More is to be paid back than is left of the charge."""

    def __init__(self, left_minor: int) -> None:
        super().__init__(f"The amount must not be more than remains of this charge: {left_minor}, in minor units.")
        self.left_minor = left_minor


class RefundExceedsCharges(Refusal):
    """More is to be paid back than is left of all that the customer was charged. Of several refunds in one command,
    `item` is the place of the one that is too large, from 0."""

    def __init__(self, left_minor: int, item: int = 0) -> None:
        super().__init__(
            f"The amount must not be more than remains of the customer's charges: {left_minor}, in minor units."
        )
        self.left_minor = left_minor
        self.item = item


class RefundsTooMany(Refusal):
    def __init__(self, count_max: int) -> None:
        super().__init__(f"There are {count_max} refunds of this charge already.")


class EndBeforeStart(Refusal):
    def __init__(self) -> None:
        super().__init__("The end must be after the start.")


class AlreadyCharged(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge has been charged as often as it allows.")


class OutsideWindow(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge may not be charged at this time: it is outside its start and end.")


class NotForOneCustomer(Refusal):
    """The charge is one on everybody on a plan, which is charged in a way of its own."""

    def __init__(self) -> None:
        super().__init__("This charge is for everybody on a rate plan.")


class NotForAPlan(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is for one customer, not for everybody on a rate plan.")


class ChargeUnderWay(Refusal):
    def __init__(self) -> None:
        super().__init__("This charge is being charged at this moment.")


class DigestStale(Refusal):
    def __init__(self) -> None:
        super().__init__("What would be charged is no longer what was rehearsed: rehearse again.")


class PlanRunLost(Refusal):
    """Whoever carried out the charging of a plan was silent for too long, and another took over."""

    def __init__(self) -> None:
        super().__init__("Nothing was charged: this took too long and was given up.")


class PlanRunRefused(Refusal):
    """The charging of a plan that another call with the same key carried out was refused."""
