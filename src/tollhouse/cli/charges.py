"""Charges and what they left: `charges list`, `show`, `transactions`, `explain`, `parked`, `retry`, `refund` and
`void`."""

from __future__ import annotations

from decimal import Decimal
from secrets import token_hex
from shlex import quote
from typing import Annotated, Final

import typer

from tollhouse.cli.books import (
    LIMIT,
    NUMBER_MAX,
    OPERATOR,
    AfterOption,
    Books,
    JsonOption,
    LimitOption,
    TenantOption,
    books_of,
    page_of,
)
from tollhouse.cli.charge_rows import (
    CHARGES,
    OPEN,
    POSTINGS,
    SCHEDULES,
    STEPS,
    amount_of,
    charge_fields,
    charge_row,
    corrected_fields,
    open_row,
    schedule_row,
    step_row,
)
from tollhouse.cli.customers import DIGITS_MAX, customer_named
from tollhouse.cli.frame import cli, fail, refuse
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Money, Rows, money_text
from tollhouse.cli.transactions import TRANSACTIONS, transaction_row
from tollhouse.domain.decimals import decimal_from_text
from tollhouse.domain.identity import is_storable
from tollhouse.domain.money import OutOfRange, TooPrecise, minor_from_major
from tollhouse.ledger.commands import TENANT_SCOPE, Idempotency
from tollhouse.ledger.commands.corrections import RefundCharge, VoidCharge
from tollhouse.ledger.commands.schedules import RetryParked
from tollhouse.ledger.correcting import Corrected
from tollhouse.ledger.explaining import explain
from tollhouse.ledger.facts import ChargeFact, PaymentFact, RefundFact, ScheduleFact, TransactionFact
from tollhouse.ledger.ports import Reader
from tollhouse.ledger.refusals import ChargeUnknown, RefundExceedsCharge, RefundExceedsCharges, TransactionUnknown
from tollhouse.ledger.seeing import charge_ever_seen

KEY_LENGTH_MAX: Final = 255
REASON_LENGTH_MAX: Final = 500
#: Schedules of a charge that are shown with it: one on everybody on a plan may have very many.
SCHEDULES_MAX: Final = 100

charges = typer.Typer(help=COMMANDS["charges"].about, no_args_is_help=True)
cli.add_typer(charges, name="charges")

CustomerOption = Annotated[
    str, typer.Option("--customer", metavar="CUSTOMER", help="Of this one alone: number, reference, uid or e-mail.")
]
TransactionArgument = Annotated[
    int, typer.Argument(metavar="TRANSACTION", min=1, max=NUMBER_MAX, help="The transaction that the charge is.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for whoever asks later.")]
KeyOption = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="An idempotency key: with the same one it happens once.")
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it; else only what would happen is shown.")]


@charges.command("list")
def list_charges(
    customer: CustomerOption = "",
    limit: LimitOption = LIMIT,
    after: AfterOption = 0,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Charges that stand and can be charged again or still: of customers and of everybody on a plan, by number."""
    with books_of(tenant, as_json=as_json) as books:
        with books.back.store.reading(books.tenant_id) as reader:
            if customer:
                number = customer_named(reader, customer).number
                found = books.back.owned.charges(books.tenant_id, number, after, limit + 1)
            else:
                found = reader.page(ChargeFact, "charge_id", after + 1, limit + 1, deleted_at=None)
        shown, next_after = page_of(found, limit, lambda charge: charge.charge_id)
        books.showing.page(Rows("charges", CHARGES, [charge_row(charge) for charge in shown], next_after))


@charges.command("show")
def show_charge(
    charge_id: Annotated[int, typer.Argument(metavar="ID", min=1, max=NUMBER_MAX, help="The charge.")],
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """One charge, also a deleted one, and when it falls due next."""
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        charge = charge_ever_seen(reader, OPERATOR, charge_id)
        schedules = reader.first(ScheduleFact, SCHEDULES_MAX, order=("customer_number",), charge_id=charge_id)
        rows = [schedule_row(schedule) for schedule in schedules]
        books.showing.one(charge_fields(charge), Rows("schedules", SCHEDULES, rows))


@charges.command("transactions")
def list_transactions(
    customer: CustomerOption = "",
    limit: LimitOption = LIMIT,
    after: AfterOption = 0,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """What happened, the newest first: charges, refunds, credits, top-ups and more. --after leads to older ones."""
    with books_of(tenant, as_json=as_json) as books:
        queries = books.back.transactions
        if customer:
            with books.back.store.reading(books.tenant_id) as reader:
                number = customer_named(reader, customer).number
            found = queries.newest_of(books.tenant_id, number, limit + 1, after)
        else:
            found = queries.newest(books.tenant_id, limit + 1, after)
        shown, next_after = page_of(found, limit, lambda transaction: transaction.transaction_id)
        rows = [transaction_row(transaction) for transaction in shown]
        books.showing.page(Rows("transactions", TRANSACTIONS, rows, next_after))


@charges.command("explain")
def explain_transaction(
    named: Annotated[
        str, typer.Argument(metavar="TRANSACTION", help="Its number, or the id of the order or refund that it is of.")
    ],
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """How the amount of a transaction came about, step by step, and what became of the money."""
    with books_of(tenant, as_json=as_json) as books:
        with books.back.store.reading(books.tenant_id) as reader:
            explanation = explain(reader, _transaction_named(reader, named))
        fields = dict(zip(TRANSACTIONS, transaction_row(explanation.transaction), strict=True))
        fields |= {"reference": explanation.customer.reference, "name": explanation.customer.name}
        fields |= {"recorded_at": Instant(explanation.transaction.recorded_at), "holds": explanation.holds}
        postings = [(p.account, Money(p.amount_minor, p.currency)) for p in explanation.postings]
        books.showing.one(
            fields,
            Rows("steps", STEPS, list(map(step_row, explanation.steps))),
            Rows("afterwards", STEPS, list(map(step_row, explanation.afterwards))),
            Rows("postings", POSTINGS, postings),
        )


@charges.command("open")
def list_open(limit: LimitOption = LIMIT, tenant: TenantOption = "", as_json: JsonOption = False) -> None:
    """Payments, then refunds, whose outcome is not known yet: a server asks the gateway again and again."""
    with books_of(tenant, as_json=as_json) as books:
        payments = books.back.status.open_payments(books.tenant_id, limit)
        refunds = (
            books.back.status.open_refunds(books.tenant_id, limit - len(payments)) if limit > len(payments) else []
        )
        with books.back.store.reading(books.tenant_id) as reader:
            ids = sorted({refund.payment_id for refund in refunds})
            paid = {payment.payment_id: payment for payment in reader.find(PaymentFact, payment_id=ids)} if ids else {}
        rows = [open_row("payment", payment.order_id, payment, payment) for payment in payments]
        rows += [open_row("refund", refund.uid, refund, paid[refund.payment_id]) for refund in refunds]
        books.showing.page(Rows("open", OPEN, rows))


@charges.command("parked")
def list_parked(
    limit: LimitOption = LIMIT,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """What fell due and could not be charged, the earliest first, and why. The customer 0 is everybody on the plan."""
    with books_of(tenant, as_json=as_json) as books:
        found = books.back.due.first_parked(books.tenant_id, limit)
        books.showing.page(Rows("parked", SCHEDULES, [schedule_row(schedule) for schedule in found]))


@charges.command("retry")
def retry_parked(
    charge_id: Annotated[
        int | None, typer.Option("--charge", metavar="ID", min=1, max=NUMBER_MAX, help="Of this charge.")
    ] = None,
    customer_number: Annotated[
        int | None,
        typer.Option(
            "--customer", metavar="NUMBER", min=0, max=NUMBER_MAX, help="Of this customer; 0 is everybody on a plan."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that is parked.")] = False,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let what is parked fall due again, once what stood in its way is mended: up to 1,000 at once."""
    if everything == (charge_id is not None or customer_number is not None):
        fail("Say what to retry: --charge, --customer or both, or --all.")
    with books_of(tenant, as_json=as_json) as books:
        command = RetryParked(
            tenant_id=books.tenant_id,
            charge_id=charge_id or 0,
            customer_number=customer_number,
        )
        books.showing.one({"retried": books.back.do(command).result.count})


@charges.command("refund")
def refund(
    transaction_id: TransactionArgument,
    *,
    amount: Annotated[
        str | None, typer.Option("--amount", metavar="AMOUNT", help="Such as 12.50; without it all that remains.")
    ] = None,
    reason: ReasonOption = "",
    key: KeyOption = None,
    yes: YesOption = False,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Record that a charge that was collected elsewhere was paid back. Shows what would happen; does it with --yes."""
    with books_of(tenant, as_json=as_json) as books:
        charge = _charge(books, transaction_id)
        command = RefundCharge(
            tenant_id=books.tenant_id,
            idempotency=_idempotency(key),
            charge_transaction_id=transaction_id,
            amount_minor=None if amount is None else _amount_minor(amount, charge.currency),
            reason=_reason(reason),
        )
        try:
            _correct(books, command, yes=yes, verb="refund")
        except (RefundExceedsCharge, RefundExceedsCharges) as refusal:
            refuse(f"At most {money_text(Money(refusal.left_minor, charge.currency))} can be refunded of this charge.")


@charges.command("void")
def void(
    transaction_id: TransactionArgument,
    *,
    reason: ReasonOption = "",
    key: KeyOption = None,
    yes: YesOption = False,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Take a charge back that was recorded by mistake, as if it had never been. Shows what would happen; does it with
    --yes."""
    with books_of(tenant, as_json=as_json) as books:
        command = VoidCharge(
            tenant_id=books.tenant_id,
            idempotency=_idempotency(key),
            charge_transaction_id=transaction_id,
            reason=_reason(reason),
        )
        _correct(books, command, yes=yes, verb="void")


def _transaction_named(reader: Reader, named: str) -> int:
    """Raises TransactionUnknown, also where an order or refund has not come to one."""
    if named.isascii() and named.isdigit() and len(named) <= DIGITS_MAX:
        return int(named)
    found: list[PaymentFact | RefundFact] = []
    if is_storable(named):
        found += reader.find(PaymentFact, order_id=named) or reader.find(PaymentFact, uid=named)
        found += reader.find(RefundFact, uid=named)
    for fact in found:
        if fact.transaction_id is not None:
            return fact.transaction_id
    raise TransactionUnknown


# Corrections.


def _correct(books: Books, command: RefundCharge | VoidCharge, *, yes: bool, verb: str) -> None:
    receipt = books.back.do(command) if yes else books.back.rehearse(command)
    corrected: Corrected = receipt.result
    key = "" if command.idempotency is None else command.idempotency.key
    is_done = yes or receipt.replayed
    books.showing.one(corrected_fields(corrected, key, is_done=is_done, was_done=receipt.replayed))
    if not is_done:
        amount = ""
        if verb == "refund":
            amount = f" --amount {money_text(amount_of(corrected)).partition(' ')[0]}"
        books.showing.note(
            f"Nothing is done yet. To do it, once: tollhouse charges {verb} {command.charge_transaction_id}{amount}"
            f" --key {quote(key)} --tenant {books.tenant.slug} --yes, and --reason as here."
        )


def _charge(books: Books, transaction_id: int) -> TransactionFact:
    with books.back.store.reading(books.tenant_id) as reader:
        for transaction in reader.find(TransactionFact, transaction_id=transaction_id):
            return transaction
    raise ChargeUnknown


def _idempotency(key: str | None) -> Idempotency:
    """The key that was given, else a new one."""
    if key is None:
        return Idempotency(TENANT_SCOPE, f"operator-{token_hex(8)}")
    if not 1 <= len(key) <= KEY_LENGTH_MAX or not is_storable(key):
        fail(f"--key: must have 1 to {KEY_LENGTH_MAX} characters that can be stored.")
    return Idempotency(TENANT_SCOPE, key)


def _amount_minor(text: str, currency: str) -> int:
    try:
        amount: Decimal = decimal_from_text(text)
        amount_minor = minor_from_major(amount, currency)
    except (TooPrecise, OutOfRange, ValueError) as error:
        fail(f"--amount: {error}")
    if amount_minor <= 0:
        fail("--amount: must be above 0.")
    return amount_minor


def _reason(text: str) -> str:
    if len(text) > REASON_LENGTH_MAX or not is_storable(text):
        fail(f"--reason: must have at most {REASON_LENGTH_MAX} characters that can be stored.")
    return text
