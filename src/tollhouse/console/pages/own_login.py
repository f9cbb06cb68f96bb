"""One's own password and one-time codes. Each change ends all sign-ins, this one too: the next page asks for what now
counts."""

from __future__ import annotations

from typing import Final

import pyotp

from tollhouse.apis.people.login import BadLogin, CodeWanted, Credentials, Login, SecondStep
from tollhouse.console import access
from tollhouse.console.forms import Faults, password_of
from tollhouse.console.rendering import message, page, see_other
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import PATH, Visit
from tollhouse.ledger.commands import UpdatePerson
from tollhouse.ledger.commands.people import TotpChange
from tollhouse.ledger.one_time_codes import provisioning_uri
from tollhouse.ledger.refusals import CodeRefused
from tollhouse.passwords import hash_password
from tollhouse.web import Reply

CODES: Final = f"{PATH}/me/codes"

_WRONG: Final = "That is not your password, or it was wrong too often: then wait a while."
_WRONG_CODE: Final = "That code is wrong, or was used before. Enter the next one that the app shows."


class OwnLogin:
    def __init__(self, login: Login) -> None:
        self._login = login

    def routes(self) -> Routes:
        change = access.SELF_CHANGE
        return {
            "/me/password": {"GET": On(change, self._which), "POST": On(change, self._set_password)},
            "/me/codes": {"GET": On(change, self._codes), "POST": On(change, self._offer)},
            "/me/codes/confirm": {"POST": On(change, self._confirm)},
            "/me/codes/off": {"POST": On(change, self._off)},
        }

    # The password.

    async def _which(self, visit: Visit) -> Reply:
        return _password_form(visit, {})

    async def _set_password(self, visit: Visit) -> Reply:
        faults: Faults = {}
        password = password_of(visit.form, faults)
        if not faults and not await self._is_own(visit, visit.form.get("old", "")):
            faults["old"] = _WRONG
        if faults:
            return _password_form(visit, faults)
        password_hash = await visit.desk.passwords.run(hash_password, password)
        await visit.execute(_update(visit, password_hash=password_hash))
        return message(200, "Your password is changed", "You are signed out everywhere. Sign in with the new one.")

    async def _is_own(self, visit: Visit, password: str) -> bool:
        """Asked as where somebody signs in: a wrong one counts there too."""
        credentials = Credentials(username=visit.guest.person.fact.username, password=password)
        try:
            await self._login.person_at_login(credentials, SecondStep(), visit.guest.network_address)
        except CodeWanted:
            return True
        except BadLogin:
            return False
        return True

    # One-time codes.

    async def _codes(self, visit: Visit) -> Reply:
        return _codes_page(visit)

    async def _offer(self, visit: Visit) -> Reply:
        """A new secret, told this once. It counts once a code of it was entered."""
        if visit.guest.person.fact.totp_secret:
            return see_other(CODES)
        secret = pyotp.random_base32()
        await visit.execute(_update(visit, totp=TotpChange(is_wanted=True, fresh_secret=secret)))
        username = visit.guest.person.fact.username
        uri = provisioning_uri(secret, username=username, issuer=visit.tenant.name)
        return page(visit, "own-codes-offered.html", secret=secret, uri=uri)

    async def _confirm(self, visit: Visit) -> Reply:
        change = TotpChange(is_wanted=True, code=_code(visit))
        refused = await self._with_code(visit, change)
        if refused is not None:
            return refused
        return message(
            200, "One-time codes are on", "You are signed out everywhere. Sign in with your password and a code."
        )

    async def _off(self, visit: Visit) -> Reply:
        refused = await self._with_code(visit, TotpChange(is_wanted=False, code=_code(visit)))
        if refused is not None:
            return refused
        return message(
            200, "One-time codes are off", "You are signed out everywhere. Sign in with your password alone."
        )

    async def _with_code(self, visit: Visit, change: TotpChange) -> Reply | None:
        """None where it is done."""
        if not change.code:
            return _codes_page(visit, {"code": "Enter the code that your app shows."})
        try:
            await self._login.execute_with_code(visit.guest.person, visit.signed(_update(visit, totp=change)))
        except CodeRefused:
            return _codes_page(visit, {"code": _WRONG_CODE})
        return None


def _update(visit: Visit, password_hash: str | None = None, totp: TotpChange | None = None) -> UpdatePerson:
    person = visit.guest.person
    return UpdatePerson(
        tenant_id=visit.tenant_id,
        caller=visit.caller,
        privileges=person.privileges,
        may_manage=False,
        person_id=person.person_id,
        password_hash=password_hash,
        totp=totp,
    )


def _code(visit: Visit) -> str:
    return "".join(visit.form.get("code", "").split())


def _password_form(visit: Visit, faults: Faults) -> Reply:
    return page(visit, "own-password.html", 422 if faults else 200, faults=faults)


def _codes_page(visit: Visit, faults: Faults | None = None) -> Reply:
    return page(visit, "own-codes.html", 422 if faults else 200, faults=faults or {}, person=visit.guest.person.fact)
