"""Rates of exchange: `rates list`, `rates set`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from tollhouse.cli.books import LIMIT_MAX, JsonOption, LimitOption, TenantOption, books_of
from tollhouse.cli.frame import cli, fail
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.showing import Instant, Rows, Value
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.exchanging import RatePut
from tollhouse.ledger.facts import ExchangeRateFact

RATES: Final = ("from", "to", "rate", "from_instant")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

rates = typer.Typer(help=COMMANDS["rates"].about, no_args_is_help=True)
cli.add_typer(rates, name="rates")


@rates.command("list")
def list_rates(
    pair: Annotated[str, typer.Option("--pair", metavar="FROM/TO", help="Of these two alone, such as EUR/USD.")] = "",
    limit: LimitOption = LIMIT_MAX,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Rates of each pair, the newest first. One without an instant counts before all others."""
    from_currency, _, to_currency = pair.upper().partition("/")
    if pair and not (from_currency and to_currency):
        fail(f"--pair {pair}: must be two currencies, such as EUR/USD.")
    which = {"from_currency": from_currency, "to_currency": to_currency} if pair else {}
    with books_of(tenant, as_json=as_json) as books, books.back.store.reading(books.tenant_id) as reader:
        order = ("from_currency", "to_currency", "-effective_at")
        found = reader.first(ExchangeRateFact, limit, order=order, **which)
        books.showing.page(Rows("rates", RATES, [_row(rate) for rate in found]))


@rates.command("set")
def set_rate(
    from_currency: Annotated[str, typer.Argument(metavar="FROM", help="One unit of this currency …")],
    to_currency: Annotated[str, typer.Argument(metavar="TO", help="… is so many units of this one:")],
    rate: Annotated[str, typer.Argument(metavar="RATE", help="such as 1.10.")],
    *,
    from_instant: Annotated[
        str,
        typer.Option(
            "--from-instant",
            metavar="TIME",
            help="From when on, such as 2030-01-31 or 2030-01-31T09:00:00+01:00; without it also before all others.",
        ),
    ] = "",
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Set a rate, from an instant on until a later one's. What was charged before keeps the rate that it had."""
    with books_of(tenant, as_json=as_json) as books:
        command = PutExchangeRate(
            tenant_id=books.tenant_id,
            from_currency=from_currency,
            to_currency=to_currency,
            rate=rate,
            effective_at=_instant(from_instant),
        )
        put: RatePut = books.back.do(command).result
        books.showing.one({**dict(zip(RATES, _row(put.rate), strict=True)), "new": put.is_new})


def _instant(text: str) -> int:
    """The instant of a day or a time; without a zone UTC's. 0 for none."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--from-instant {text}: must be a day such as 2030-01-31, or a time.")
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // datetime.resolution


def _row(rate: ExchangeRateFact) -> Sequence[Value]:
    from_instant = Instant(rate.effective_at) if rate.effective_at else None
    return rate.from_currency, rate.to_currency, rate.rate, from_instant
