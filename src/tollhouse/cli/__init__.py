"""The command line: each noun's commands in a file of its own, loaded when they are run (see menu.py)."""

from tollhouse.cli.frame import cli

__all__ = ["cli", "main"]


def main() -> None:
    cli()
