"""The console, with what its pages ask."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.people.login import Login
from tollhouse.console import ConsoleDoor, Visits
from tollhouse.console.pages.me import Me
from tollhouse.console.pages.overview import Overview
from tollhouse.console.signing_in import SigningIn
from tollhouse.store.store import SqlStore


def open_console(desk: Desk, store: SqlStore) -> ConsoleDoor:
    login = Login(desk)
    visits = Visits(desk, login, desk.settings.console_seconds)
    return ConsoleDoor(desk, visits, SigningIn(login, visits), Overview(), Me())
