"""Whoever runs commands on the server: may do all, and is named in the audit log."""

from __future__ import annotations

import os
import pwd

from tollhouse.ledger.commands import Actor
from tollhouse.ledger.facts import ROOT_NUMBER, ROOT_PATH


def operator(door: str) -> Actor:
    """By the name that the system knows the process's user by."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return Actor(kind="operator", person_id=0, name=name, customer_number=ROOT_NUMBER, path=ROOT_PATH, door=door)
