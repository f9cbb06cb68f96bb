"""Serving, and what is done to a store as a whole: `serve`, `apply`, `verify`, `migrate`, `demo`."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from tollhouse import __version__, demo
from tollhouse.app import check_startable, migrate_store, provision, verify_store
from tollhouse.cli.frame import cli, explained, fail, shown
from tollhouse.config import Settings
from tollhouse.ledger.provisioning.apply import Applied
from tollhouse.ledger.provisioning.document import ProvisioningRefused
from tollhouse.protocol import Protocol
from tollhouse.supervisor import handed_over

#: How long a process of several may take to start, or not answer, before it is given up.
PATIENCE_SECONDS = 60

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]


@cli.command()
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    workers: Annotated[int, typer.Option(help="Processes; more than one needs PostgreSQL.", min=1, max=256)] = 1,
) -> None:
    """Serve all three APIs."""
    with explained():
        settings = Settings.from_environment()
        check_startable(settings, workers)
        listening = handed_over()
        if listening is None:
            _check_free(host, port)
        else:
            host, port = listening.getsockname()[:2]
        typer.echo(f"Tollhouse {__version__} on {_address(host, port)}, store {shown(settings)}", err=True)
    config = uvicorn.Config(
        "tollhouse.app:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=Protocol,
        timeout_graceful_shutdown=settings.stop_seconds,
        timeout_worker_healthcheck=PATIENCE_SECONDS,
    )
    if workers > 1:
        Multiprocess(config, sockets=[listening or config.bind_socket()]).run()
    else:
        _serve_here(uvicorn.Server(config), listening)


@cli.command()
def apply(
    file: Annotated[Path, typer.Argument(help="A provisioning file (TOML).", exists=True, dir_okay=False)],
) -> None:
    """Provision a tenant from a file. Applying it again changes nothing; secrets are printed once, when made."""
    with explained():
        applied = provision(Settings.from_environment(), _text(file))
    _show_applied(applied)


@cli.command()
def verify() -> None:
    """Compute every summary and balance again and compare the books; ends with 1 when something differs."""
    with explained():
        findings = verify_store(Settings.from_environment())
    for what, count in findings.checked.items():
        typer.echo(f"{count:>12,}  {what} checked")
    for difference in findings.differences:
        typer.echo(f"DIFFERS: {difference}")
    if findings.differences:
        typer.echo(f"{len(findings.differences)} differences.")
        raise typer.Exit(1)
    typer.echo("All of it agrees.")


@cli.command()
def migrate() -> None:
    """Bring the store's tables to this version."""
    with explained():
        typer.echo(migrate_store(Settings.from_environment()))


@cli.command(name="demo")
def demonstrate(host: Host = "127.0.0.1", port: Port = 8080) -> None:
    """Provision a demo tenant, send the three published example charges, and go on serving."""
    with explained():
        settings = Settings.from_environment()
        check_startable(settings, 1)
        _check_free(host, port)
        _show_applied(provision(settings, demo.provisioning_file()))
    demo.start_story(host, port)
    serve(host=host, port=port, workers=1)


def _serve_here(server: uvicorn.Server, listening: socket.socket | None) -> None:
    try:
        server.run(sockets=[listening] if listening else None)
    except KeyboardInterrupt:
        return


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _check_free(host: str, port: int) -> None:
    """Fail where somebody else listens, who would be sent what is meant for this server."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        fail(f"Cannot listen on {host}, port {port}: {error.strerror}. --port chooses another.")


def _show_applied(applied: Applied) -> None:
    made = ", ".join(f"{what} {count}" for what, count in applied.made.items()) or "nothing"
    typer.echo(f"Tenant {applied.tenant.slug}, new: {made}.")
    for what, secret in applied.secrets:
        typer.echo(f"{what}: {secret}    (shown this once)")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProvisioningRefused("The file is not UTF-8.") from error
