"""The requests that a case sends: one path, one kind of body, bodies one a line in a file."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path

KEY = "sk_test_bench"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

CUSTOMERS = 10_000
BULK_ITEMS = 1000
BULK_CUSTOMERS = 100
BUYERS = 1000
#: One day in 2026, in UNIX seconds: when the charges of a bulk call happened.
DAY = 1_767_225_600

ENSWITCH_LOGIN = "auth_username=user&auth_password=password"


@dataclass(frozen=True)
class Traffic:
    path: str
    content_type: str
    bodies: list[str]

    def write(self, folder: Path) -> Path:
        file = folder / f"{self.path.strip('/').replace('/', '-')}.bodies"
        file.write_text("\n".join(self.bodies) + "\n")
        return file


def charges(turn: int) -> Traffic:
    """Single charges of 10,000 customers in random order; the half of them is new in each turn."""
    chance = random.Random(turn)
    first = turn * CUSTOMERS // 2
    order = [first + chance.randrange(CUSTOMERS) for _ in range(2 * CUSTOMERS)]
    return Traffic("/charges", JSON, [f'{{"user_id":"u{n}","amount":{chance.randint(1000, 9999)}}}' for n in order])


def charges_among(turn: int, first: int, customers: int) -> Traffic:
    """The same, but that those who are not new are any of a grown store's customers: see bench/growing.py."""
    chance = random.Random(turn)
    bodies = []
    for body in charges(turn).bodies:
        sent = json.loads(body)
        if int(sent["user_id"][1:]) < (turn + 1) * CUSTOMERS // 2:
            sent["user_id"] = f"g{first + chance.randrange(customers)}"
        bodies.append(json.dumps(sent, separators=(",", ":")))
    return Traffic("/charges", JSON, bodies)


def bulk(turn: int) -> Traffic:
    """Bulk calls of 1,000 charges; half of their customers is new in each turn."""
    chance = random.Random(turn)
    first = turn * BULK_CUSTOMERS // 2
    bodies = []
    for number in range(first, first + BULK_CUSTOMERS):
        items = [{"amount": chance.randint(1000, 9999), "created_at": DAY + second} for second in range(BULK_ITEMS)]
        bodies.append(json.dumps({"user_id": f"bulk{number}", "charges": items}, separators=(",", ":")))
    chance.shuffle(bodies)
    return Traffic("/charges/bulk", JSON, bodies)


def enswitch_creation() -> Traffic:
    body = f"{ENSWITCH_LOGIN}&name=bench&customer=123&amount=1.00"
    return Traffic("/api/json/charges/create/", FORM, [body])


def enswitch_charge(charge_id: int) -> Traffic:
    return Traffic("/api/json/charges/charge/", FORM, [f"{ENSWITCH_LOGIN}&id={charge_id}"])


def kelviq_charges(turn: int) -> Traffic:
    """Purchases by the buyers, in random order."""
    chance = random.Random(turn)
    body = {
        "planIdentifier": "lifetime-access",
        "chargePeriod": "ONE_TIME",
        "features": [{"identifier": "seats", "quantity": 5}],
        "currencyCode": "USD",
    }
    order = [chance.randrange(BUYERS) for _ in range(2 * BUYERS)]
    bodies = [json.dumps({**body, "customerId": f"buyer{n}"}, separators=(",", ":")) for n in order]
    return Traffic("/api/v1/charges/", JSON, bodies)


def buyers() -> str:
    """Customers with a card that pays, as tables of a provisioning file."""
    customers = (f'[[customers]]\nreference = "buyer{n}"\n' for n in range(BUYERS))
    method = 'gateway = "sandbox"\ntoken = "pm_card_visa"\ndefault = true\n'
    methods = (f'[[payment_methods]]\ncustomer = "buyer{n}"\n{method}' for n in range(BUYERS))
    return "\n".join([*customers, *methods])
