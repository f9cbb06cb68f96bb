"""The demo: the three published example charges over real HTTP, told on the terminal."""

from __future__ import annotations

import json
import sys
import threading
import time
from importlib import resources
from typing import Any

import httpx
import typer

KEY = "sk_test_acme"
START_SECONDS = 20

BEACON: dict[str, Any] = {"user_id": "cust_789", "amount": 1999}
KELVIQ: dict[str, Any] = {
    "planIdentifier": "lifetime-access",
    "chargePeriod": "ONE_TIME",
    "customerId": "cust_789",
    "features": [{"identifier": "seats", "quantity": 5}],
    "currencyCode": "USD",
    "ipAddress": "103.154.35.20",
}
LOGIN = "auth_username=user;auth_password=password"


def provisioning_file() -> str:
    return resources.files("tollhouse").joinpath("demo.toml").read_text(encoding="utf-8")


def start_story(host: str, port: int) -> None:
    """Wait, beside the server that is about to start here, until it answers; then charge and tell."""
    threading.Thread(target=_tell, args=(f"http://{host}:{port}",), name="demo", daemon=True).start()


def _tell(base: str) -> None:
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {KEY}"}, timeout=15) as client:
        if not _wait(client):
            return
        _show("Beacon: record a charge", client.post("/charges", json=BEACON))
        created = client.get(f"/api/json/charges/create/?{LOGIN};name=example;customer=123")
        _show("ENSwitch: create a charge (the published example names no amount, so it is 0.00)", created)
        charge_id = created.json()["data"]["id"]
        _show("ENSwitch: charge it", client.get(f"/api/json/charges/charge/?{LOGIN};id={charge_id}"))
        _show("Kelviq: sell a plan once", client.post("/api/v1/charges/", json=KELVIQ))
        _show(
            "The one customer they all landed on", client.get("/v1/projects/acme/customers", params={"q": "cust_789"})
        )
    typer.echo(_more(base, charge_id + 1))


def _wait(client: httpx.Client) -> bool:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            if client.get("/readyz").status_code == httpx.codes.OK:
                return True
        except httpx.TransportError:
            time.sleep(0.1)
    return False


def _show(title: str, response: httpx.Response) -> None:
    request = response.request
    typer.secho(f"\n{title}", bold=True)
    typer.echo(f"  {request.method} {request.url.raw_path.decode()}")
    if request.content:
        typer.echo(f"  {request.content.decode()}")
    typer.secho(f"  → {response.status_code}", fg="green" if response.is_success else "red")
    typer.echo("  " + json.dumps(response.json(), indent=2, ensure_ascii=False).replace("\n", "\n  "))


def _more(base: str, next_charge_id: int) -> str:
    return f"""
Tollhouse goes on serving at {base}. Stop it with Ctrl-C.

The console: open {base}/console in a browser and sign in as "user" with the password "password".
What every door takes and answers: {base}/docs

Try, from another terminal:

  # Beacon: record 5.00
  curl -s {base}/charges -H 'Authorization: Bearer {KEY}' -H 'Content-Type: application/json' \\
    -d '{{"user_id": "cust_789", "amount": 500}}'

  # ENSwitch: create a charge of 49.90, then charge it by the id that create answers
  curl -s '{base}/api/json/charges/create/' -d '{LOGIN};name=Router;customer=123;amount=49.90'
  curl -s '{base}/api/json/charges/charge/' -d '{LOGIN};id={next_charge_id}'

  # Kelviq: sell a plan once
  curl -s {base}/api/v1/charges/ -H 'Authorization: Bearer {KEY}' -H 'Content-Type: application/json' \\
    -d '{{"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "customerId": "cust_789"}}'

  # Kelviq: a page to pay on (open its checkoutUrl; a new card is 4242 4242 4242 4242, 12/34, 123)
  curl -s {base}/api/v1/checkout/ -H 'Authorization: Bearer {KEY}' -H 'Content-Type: application/json' \\
    -d '{{"planIdentifier": "lifetime-access", "chargePeriod": "ONE_TIME", "successUrl": "https://example.com/thanks"}}'

  # Who is charged, and how much in all
  curl -s '{base}/v1/projects/acme/customers?q=cust_789' -H 'Authorization: Bearer {KEY}'

  # Check the books while it serves (the same TOLLHOUSE_DATABASE_URL, if you set one)
  {sys.argv[0]} verify
"""
