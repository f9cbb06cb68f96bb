"""History in: `import charges`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Final

import typer

from tollhouse.app.imports import FileRefused, Import, Report, SourceRefused, opened_source
from tollhouse.cli.books import JsonOption, TenantOption, echo_object, opened, tenant_called
from tollhouse.cli.frame import cli, explained, fail
from tollhouse.cli.progress import shown_progress
from tollhouse.domain.money import major_text
from tollhouse.ledger.clock import SECOND
from tollhouse.ledger.facts import ImportFact
from tollhouse.ledger.importing import sums_of

#: So many refused rows are shown one by one.
SHOWN_MAX: Final = 20


class Importable(StrEnum):
    CHARGES = "charges"


class FileFormat(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


FormatOption = Annotated[
    FileFormat | None, typer.Option("--format", help="Default: by the file's name, else by how it begins.")
]


@cli.command(name="import")
def import_file(
    what: Annotated[Importable, typer.Argument(metavar="charges", help="What is in the file.", show_choices=False)],
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines; - for standard input.")],
    *,
    form: FormatOption = None,
    update_session: Annotated[
        bool, typer.Option("--update-session", help="Have the charges count as visits of today.")
    ] = False,
    apply: Annotated[str, typer.Option(metavar="DIGEST", help="Record exactly what was shown.")] = "",
    tenant: TenantOption = "",
    as_json: JsonOption = False,
) -> None:
    """Bring in charges of the past: shown first, with a digest, and recorded once with --apply and that digest."""
    with explained(), opened() as back, ExitStack() as open_until_shown:
        found = tenant_called(back, tenant)
        try:
            source = open_until_shown.enter_context(opened_source(file))
            importing = Import(back.store, back.clock, found, source)
            digest = importing.set_up("" if form is None else form.value, update_session)
            _check_digest(digest, apply)
            with shown_progress("Recording" if apply else "Reading", source.size) as told:
                bringing_in = (
                    importing.applied(digest, back.execute, told) if apply else importing.rehearsed(digest, told)
                )
                report = open_until_shown.enter_context(bringing_in)
        except (FileRefused, SourceRefused) as error:
            fail(str(error))
        except KeyboardInterrupt:
            stays = "What was recorded stays; the same command goes on from there." if apply else "Nothing was changed."
            typer.echo(f"tollhouse: Stopped. {stays}", err=True)
            sys.exit(130)
        if as_json:
            _show_object(report, applied=bool(apply))
        else:
            _show(report, applied=bool(apply))


def _check_digest(digest: str, given: str) -> None:
    if given and given != digest:
        typer.echo(
            "tollhouse: This is not what the digest stands for: the file, its format, --update-session or the tenant"
            " differs. Nothing was recorded.",
            err=True,
        )
        sys.exit(1)


def _show(report: Report, *, applied: bool) -> None:
    done = report.done
    if applied and report.was_done:
        typer.echo(f"All of this was recorded before, on {_day(done)}; nothing was done now.")
    typer.echo(f"{done.charged:>12,}  rows {'recorded' if applied else 'to be recorded'}")
    typer.echo(f"{done.customers:>12,}  customers {'created' if applied else 'to be created'}")
    typer.echo(f"{done.refused:>12,}  rows refused")
    for currency, amount_minor in sorted(sums_of(done).items()):
        typer.echo(f"{amount_minor:>12,}  minor units: {major_text(amount_minor, currency, 0)} {currency}")
    for row in islice(report.refused, SHOWN_MAX):
        typer.echo(f"line {row.line}: {row.reason}")
    if done.refused > SHOWN_MAX:
        typer.echo(f"… and {done.refused - SHOWN_MAX:,} more rows refused; --json lists all.")
    typer.echo(f"digest {report.digest}")
    if applied:
        return
    if report.was_done:
        typer.echo(f"All of this was recorded on {_day(done)}; with --apply nothing would be done.")
    else:
        typer.echo(f"Nothing is recorded yet. To record it: the same command with --apply {report.digest}")


def _show_object(report: Report, *, applied: bool) -> None:
    done = report.done
    after: dict[str, Any] = {"sums": sums_of(done), "customers": done.customers, "digest": report.digest}
    if applied:
        after["already"] = report.was_done
    refused = ({"line": row.line, "reason": row.reason} for row in report.refused)
    echo_object({"rows": done.charged}, "refused", refused, lambda: after)


def _day(done: ImportFact) -> str:
    finished_at = done.finished_at or done.started_at
    return datetime.fromtimestamp(finished_at // SECOND, UTC).date().isoformat()
