"""The command line."""

from tollhouse.cli import exporting, importing, running, serving
from tollhouse.cli.frame import cli

__all__ = ["exporting", "importing", "main", "running", "serving"]


def main() -> None:
    cli()
