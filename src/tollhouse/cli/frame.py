"""What every command stands on: the program, its settings, and sentences instead of traces."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from tollhouse import __version__
from tollhouse.cli.menu import COMMANDS
from tollhouse.cli.next_steps import next_step
from tollhouse.config import BadSetting, Settings
from tollhouse.ledger.ports import StoreConflict, UnusableStore
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.ledger.refusals import Refusal, StoreUnavailable

#: What a command ends with that was understood and refused, and what one ends with that could not do its work.
REFUSED = 1
CANNOT = 2


class Menu(TyperGroup):
    """All commands by name; one is loaded when it is run, so that help and completion wait for none of them.

    `commands` are all of them, loaded.
    """

    @property
    def commands(self) -> Any:
        return {name: _loaded(name) for name in COMMANDS}

    @commands.setter
    def commands(self, registered: Any) -> None:
        self.registered = registered

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What the menu says of a command."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name].about) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name is None:
            return name, command, rest
        # A shell that asks how a noun goes on waits for the answer.
        is_asked_for_parts = ctx.resilient_parsing and not rest and COMMANDS[name].parts
        return name, _noun(name) if is_asked_for_parts else _loaded(name), rest


cli = typer.Typer(
    cls=Menu,
    help="One ledger of customer charges behind three compatible APIs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _noun(name: str) -> TyperGroup:
    """The commands of a noun, by name alone."""
    return TyperGroup(name=name, commands={part: TyperCommand(part) for part in COMMANDS[name].parts})


def _loaded(name: str) -> Any:
    import_module(COMMANDS[name].module)
    whole = typer.main.get_command(cli)
    return whole.registered[name] if isinstance(whole, Menu) else None


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
    """Say what is wrong in one sentence instead of a trace, and what to do next where that is known."""
    try:
        yield
    except Refusal as refusal:
        refuse(f"{refusal} {next_step(refusal)}".strip())
    except (BadSetting, ProvisioningRefused, UnusableStore) as error:
        fail(str(error))
    except StoreUnavailable as error:
        fail(f"{error} {type(error.__cause__).__name__}: is {shown(Settings.from_environment())} reachable?")
    except StoreConflict:
        fail("The store was busy with another command. Try again.")


def refuse(sentence: str) -> NoReturn:
    """End a command that was understood and refused: nothing changed."""
    typer.echo(f"tollhouse: {sentence}", err=True)
    sys.exit(REFUSED)


def fail(sentence: str) -> NoReturn:
    """End a command that cannot do its work."""
    typer.echo(f"tollhouse: {sentence}", err=True)
    sys.exit(CANNOT)
