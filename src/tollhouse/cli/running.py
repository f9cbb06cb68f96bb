"""What falls due: `worker`, `run`, `charge`."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import Annotated, Any

import typer

from tollhouse.app import Back
from tollhouse.cli.books import OPERATOR, JsonOption, TenantOption, echo_object, opened, tenant_called, tenants_called
from tollhouse.cli.frame import cli, explained, fail
from tollhouse.domain.money import major_text
from tollhouse.ledger.charging.foreseeing import Foreseen, foreseen
from tollhouse.ledger.charging.rehearsing import Line, Rehearsal, Sum
from tollhouse.ledger.charging.tariffs import Tariff
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.commands import ChargeNow
from tollhouse.ledger.commands.plan_runs import StartPlanRun
from tollhouse.ledger.facts import TenantFact
from tollhouse.ledger.refusals import NotForOneCustomer, Refusal
from tollhouse.ledger.sight import Snapshot


@cli.command()
def worker() -> None:
    """Charge what falls due and send events, until stopped. Any number may run; SQLite's server does it by itself."""
    with explained(), opened() as back:
        if back.store.is_sqlite:
            fail("On SQLite `tollhouse serve` does it all by itself; `tollhouse run` charges what is due once.")
        _run_until_stopped(back)


@cli.command()
def run(
    until: Annotated[str, typer.Option(help="With --dry-run: until when, such as 2030-01-01.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be charged, and charge nothing.")] = False,
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Charge what is due now, once. With --dry-run show what falls due until a day, by today's taxes and rates."""
    with explained(), opened() as back:
        if dry_run:
            _show_foreseen(back, tenants_called(back, tenant), _instant(until), as_json)
            return
        if until:
            fail("--until is for --dry-run: nothing is charged before it falls due.")
        totals = back.runner.run_tenant(tenant_called(back, tenant).tenant_id) if tenant else back.runner.run()
        done = {"charged": totals.charged, "plans": totals.plans, "parked": totals.parked}
        if as_json:
            typer.echo(json.dumps(done))
        else:
            typer.echo(", ".join(f"{what}: {count}" for what, count in done.items()))


@cli.command()
def charge(
    charge_id: Annotated[int, typer.Argument(metavar="ID", help="The charge.")],
    rehearse: Annotated[bool, typer.Option("--rehearse", help="Show what would be charged, with a digest.")] = False,
    apply: Annotated[str, typer.Option(metavar="DIGEST", help="Charge exactly what was rehearsed.")] = "",
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Charge a charge now: rehearse it first, then apply the digest that the rehearsal gave."""
    with explained(), opened() as back:
        if rehearse == bool(apply):
            fail("Give --rehearse to see what would be charged, then --apply with the digest that it shows.")
        tenant_id = tenant_called(back, tenant).tenant_id
        try:
            if rehearse:
                _show_rehearsal(back, tenant_id, charge_id, as_json)
            else:
                _apply(back, tenant_id, charge_id, apply)
                typer.echo(json.dumps({"charged": charge_id}) if as_json else f"Charge {charge_id} is charged.")
        except Refusal as refusal:
            typer.echo(f"tollhouse: {refusal}", err=True)
            sys.exit(1)


def _run_until_stopped(back: Back) -> None:
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    back.start()
    typer.echo("Charging what falls due and sending events. Stop with Ctrl-C.", err=True)
    stopping.wait()
    back.stop()


def _apply(back: Back, tenant_id: int, charge_id: int, digest: str) -> None:
    try:
        back.do(ChargeNow(tenant_id=tenant_id, caller=OPERATOR, charge_id=charge_id, digest=digest))
    except NotForOneCustomer:
        start = StartPlanRun(tenant_id=tenant_id, charge_id=charge_id, caller=OPERATOR, by=back.operator)
        back.everybody.charge(start, digest)


def _show_rehearsal(back: Back, tenant_id: int, charge_id: int, as_json: bool) -> None:
    charge = back.charge(tenant_id, OPERATOR, charge_id)
    rehearsal = Rehearsal(charge)
    lines = back.everybody.rehearsed(charge, rehearsal)
    if as_json:
        echo_object({"charge": charge_id}, "lines", map(_line, lines), lambda: _summed(rehearsal))
        return
    for line in lines:
        if line.refusal is not None:
            typer.echo(f"customer {line.customer.number:>10}  REFUSED: {line.refusal}")
        elif line.tariff is not None:
            typer.echo(f"customer {line.customer.number:>10}  {_amounts_text(line.tariff)}")
    for total in rehearsal.sums.values():
        typer.echo(f"{total.customers:>10} customers in {total.currency}: {_amounts_text(total)}")
    if rehearsal.refused:
        typer.echo(f"{rehearsal.refused} refused: nothing can be charged before that is mended.")
    typer.echo(f"digest {rehearsal.digest}")


def _show_foreseen(back: Back, tenants: list[TenantFact], until: int, as_json: bool) -> None:
    sums: Counter[tuple[str, str]] = Counter()

    def occurrences() -> Iterator[dict[str, Any]]:
        for tenant in tenants:
            back.runner.put_in_step(tenant.tenant_id)
            with back.store.reading(tenant.tenant_id) as reader:
                snapshot = Snapshot(reader, back.clock.now())
                for found in foreseen(snapshot, until or snapshot.now):
                    if found.tariff is not None:
                        sums[tenant.slug, found.tariff.currency] += found.tariff.gross_minor
                    yield _foreseen(tenant, found)

    def summed() -> dict[str, Any]:
        return {
            "sums": [
                {"tenant": slug, "currency": currency, "gross": major_text(gross_minor, currency)}
                for (slug, currency), gross_minor in sorted(sums.items())
            ]
        }

    if as_json:
        echo_object({}, "occurrences", occurrences(), summed)
        return
    for row in occurrences():
        what = row.get("refused") or f"{row['gross']:>14} {row['currency']}"
        typer.echo(f"{row['tenant']}  {row['due']}  charge {row['charge']}  customer {row['customer']}  {what}")
    for total in summed()["sums"]:
        typer.echo(f"{total['tenant']}: {total['gross']} {total['currency']}")


def _line(line: Line) -> dict[str, Any]:
    row: dict[str, Any] = {"customer": line.customer.number}
    if line.refusal is not None:
        return {**row, "refused": str(line.refusal)}
    if line.piece is None or line.tariff is None:
        return {**row, "not_billed": True}
    return {**row, "occurrence": line.piece.key, **_amounts(line.tariff)}


def _foreseen(tenant: TenantFact, found: Foreseen) -> dict[str, Any]:
    row: dict[str, Any] = {
        "tenant": tenant.slug,
        "due": datetime.fromtimestamp(found.due_at // SECOND, UTC).isoformat().replace("+00:00", "Z"),
        "charge": found.charge.charge_id,
        "customer": found.customer_number,
        "occurrence": found.occurrence_key,
    }
    if found.tariff is None:
        return {**row, "refused": str(found.refusal)}
    return {**row, **_amounts(found.tariff)}


def _summed(rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "customers": rehearsal.charged,
        "not_billed": rehearsal.not_billed,
        "refused": rehearsal.refused,
        "sums": [{"customers": total.customers, **_amounts(total)} for total in rehearsal.sums.values()],
        "taxes": [
            {
                "tax": total.tax_id,
                "name": total.name,
                "currency": total.currency,
                "amount": major_text(total.amount_minor, total.currency),
            }
            for total in rehearsal.taxes.values()
        ],
        "digest": rehearsal.digest,
    }


def _amounts(amounts: Sum | Tariff) -> dict[str, str]:
    minor = {
        "net": amounts.net_minor,
        "tax": amounts.tax_minor,
        "gross": amounts.gross_minor,
        "buy": amounts.buy_minor,
        "margin": amounts.net_minor - amounts.buy_minor,
    }
    return {"currency": amounts.currency, **{k: major_text(v, amounts.currency) for k, v in minor.items()}}


def _amounts_text(amounts: Sum | Tariff) -> str:
    shown = _amounts(amounts)
    currency = shown.pop("currency")
    return "  ".join(f"{name} {value}" for name, value in shown.items()) + f" {currency}"


def _instant(text: str) -> int:
    """The instant of a day or a time; without a zone UTC's. 0 for none."""
    if not text:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--until {text}: must be a day such as 2030-01-01, or a time.")
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return int(moment.timestamp()) * SECOND
