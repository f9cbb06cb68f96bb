"""What customers pay with: saved, made the default, removed."""

from __future__ import annotations

from typing import ClassVar

from tollhouse.ledger.commands.command import Command
from tollhouse.ledger.commands.purchases import GatewayMethod


class SavePaymentMethod(Command, frozen=True, kw_only=True):
    """Keep what a gateway knows by `token` as a customer's way to pay, and what may be shown of it.

    The same token again is the same payment method. With `is_default` None it becomes the default where there is none.
    One that is not proven is the customer's only once a purchase was paid with it.
    """

    customer_number: int
    gateway: str
    token: str
    shown: GatewayMethod | None = None
    is_default: bool | None = None
    is_proven: bool = True

    numbers: ClassVar[tuple[str, ...]] = ("payment_method",)


class SetDefaultMethod(Command, frozen=True, kw_only=True):
    """Make one of a customer's payment methods the one that is charged."""

    customer_number: int
    payment_method_id: int


class RemovePaymentMethod(Command, frozen=True, kw_only=True):
    """Take a payment method away; the default one only when it is the last."""

    customer_number: int
    payment_method_id: int


class ConfirmPaymentMethod(Command, frozen=True, kw_only=True):
    """Note that the customer has proved to the bank to be its holder: the gateway knows it by another token now."""

    customer_number: int
    payment_method_id: int
    token: str
