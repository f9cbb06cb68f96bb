"""What every command stands on: the program, its settings, and sentences instead of traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn

import typer

from tollhouse import __version__
from tollhouse.config import BadSetting, Settings
from tollhouse.ledger.ports import StoreConflict, UnusableStore
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.refusals import StoreUnavailable

cli = typer.Typer(
    help="One ledger of customer charges behind three compatible APIs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tollhouse {__version__}")
        raise typer.Exit


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    pass


def shown(settings: Settings) -> str:
    """The store's address without a password."""
    scheme, _, rest = settings.database_url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}".partition("?")[0]


@contextmanager
def explained() -> Iterator[None]:
    """Say what is wrong in one sentence instead of a trace."""
    try:
        yield
    except (BadSetting, ProvisioningRefused, UnusableStore) as error:
        fail(str(error))
    except StoreUnavailable as error:
        fail(f"{error} {type(error.__cause__).__name__}: is {shown(Settings.from_environment())} reachable?")
    except StoreConflict:
        fail("The store was busy with another command. Try again.")


def fail(sentence: str) -> NoReturn:
    typer.echo(f"tollhouse: {sentence}", err=True)
    sys.exit(2)
