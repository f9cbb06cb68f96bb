"""Which commands there are, what each does in a line, and where it is: all that help and completion need to know."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """`about` is what the menu says of a command; its own help says more. `parts` are the commands of a noun."""

    module: str
    about: str
    parts: tuple[str, ...] = ()


COMMANDS: Final[dict[str, Entry]] = {
    "serve": Entry("tollhouse.cli.serving", "Serve all three APIs."),
    "status": Entry("tollhouse.cli.status", "How the store and its tenants are, and what needs a person."),
    "customers": Entry("tollhouse.cli.customers", "Customers: found and looked at.", ("list", "show")),
    "charges": Entry(
        "tollhouse.cli.charges",
        "Charges and what they left: looked at, explained, refunded, made void.",
        ("list", "show", "transactions", "explain", "open", "parked", "retry", "refund", "void"),
    ),
    "rates": Entry("tollhouse.cli.rates", "Rates of exchange: looked at and set.", ("list", "set")),
    "webhooks": Entry(
        "tollhouse.cli.webhooks",
        "Webhook endpoints and how sending to them goes.",
        ("list", "show", "attempts", "replay", "replay-failed", "enable", "disable", "rotate"),
    ),
    "keys": Entry("tollhouse.cli.keys", "API keys: made and revoked.", ("list", "create", "revoke")),
    "people": Entry(
        "tollhouse.cli.people",
        "People who log in: made, locked, given passwords.",
        ("list", "roles", "create", "lock", "unlock", "password", "totp-off"),
    ),
    "run": Entry("tollhouse.cli.running", "Charge what is due now, once."),
    "charge": Entry("tollhouse.cli.running", "Charge a charge now: rehearse it first, then apply its digest."),
    "worker": Entry("tollhouse.cli.running", "Charge what falls due and send events, until stopped."),
    "import": Entry("tollhouse.cli.importing", "Bring in charges of the past: shown first, recorded once."),
    "export": Entry("tollhouse.cli.exporting", "Write charges, customers or transactions as a file."),
    "apply": Entry("tollhouse.cli.serving", "Provision a tenant from a file."),
    "verify": Entry("tollhouse.cli.serving", "Compute every summary and balance again and compare the books."),
    "migrate": Entry("tollhouse.cli.serving", "Bring the store's tables to this version."),
    "backup": Entry("tollhouse.cli.backing", "Write the whole store into one file, while the server serves."),
    "restore": Entry("tollhouse.cli.backing", "Bring a backup into an empty store, and check the books."),
    "demo": Entry("tollhouse.cli.serving", "Provision a demo tenant, charge in it, and go on serving."),
}
