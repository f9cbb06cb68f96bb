"""The command line."""

from tollhouse.cli import running, serving
from tollhouse.cli.frame import cli

__all__ = ["main", "running", "serving"]


def main() -> None:
    cli()
