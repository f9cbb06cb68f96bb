"""The store to a file and back: `backup`, `restore`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tollhouse.app import verify_store
from tollhouse.app.backups import back_up, restore
from tollhouse.cli.books import JsonOption
from tollhouse.cli.frame import cli, explained
from tollhouse.cli.progress import shown_copying
from tollhouse.config import Settings


@cli.command(name="backup")
def backup_store(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there already.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the whole store into one file, of one moment, while the server serves."""
    with explained():
        settings = Settings.from_environment()
        with shown_copying("backup") as told:
            made = back_up(settings, file, told, is_overwriting=overwrite)
    if as_json:
        typer.echo(json.dumps({"file": str(file), **made._asdict()}))
    else:
        typer.echo(f"{file}: {made.bytes:,} bytes, {made.engine}, tables of revision {made.revision}.")


@cli.command(name="restore")
def restore_store(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tollhouse backup` has written.")],
    *,
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Leave out to check the books afterwards.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring a backup into an empty store, its tables to this version, and check the books."""
    with explained():
        settings = Settings.from_environment()
        with shown_copying("restore") as told:
            restored = restore(settings, file, told)
        if not as_json:
            typer.echo(f"{file} is restored: {restored.engine}, tables of revision {restored.revision}.")
            typer.echo(restored.migrated)
        differences = None if no_verify else verify_store(settings).differences
    if as_json:
        typer.echo(json.dumps({"file": str(file), **restored._asdict(), "differences": differences}))
    else:
        _tell(differences)
    if differences:
        sys.exit(1)


def _tell(differences: list[str] | None) -> None:
    if differences is None:
        typer.echo("The books were not checked: `tollhouse verify` does it.")
        return
    for difference in differences:
        typer.echo(f"DIFFERS: {difference}")
    typer.echo(f"{len(differences)} differences." if differences else "All of it agrees.")
