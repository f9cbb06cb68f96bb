"""Signing in with username and password, and a one-time code where the person has those; and signing out.

Who is let in, and how often somebody may fail, is decided as on the wire: by Login.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from tollhouse.apis.pages.forms import form_from
from tollhouse.apis.people.login import BadLogin, CodeWanted, Credentials, Login, SecondStep
from tollhouse.apis.people.person import NotAllowed
from tollhouse.console.access import SELF
from tollhouse.console.menu import first_place
from tollhouse.console.rendering import message, plain_page, see_other
from tollhouse.console.visits import PATH, Guest, Visits
from tollhouse.ledger.addresses import Address
from tollhouse.web import Reply, Request

SIGN_IN: Final = f"{PATH}/sign-in"
SIGN_OUT: Final = f"{PATH}/sign-out"

_NEXT_LENGTH_MAX: Final = 1000
_WRONG: Final = "The username or password is wrong."
_WRONG_CODE: Final = "That code is wrong or over. Sign in again, with the next one."


class SigningIn:
    def __init__(self, login: Login, visits: Visits) -> None:
        self._login = login
        self._visits = visits

    async def answer(self, request: Request, address: Address | None) -> Reply:
        if request.method in ("GET", "HEAD"):
            return _form(_next_in(request.query))
        if request.method != "POST":
            return message(405, "That does not work here", "Use the form.", headers=((b"allow", b"GET, POST"),))
        form = await form_from(request)
        after = _own_path(form.get("next", ""))
        if form.get("step"):
            return await self._second_step(request, address, form, after)
        username, password = form.get("username", "").strip(), form.get("password", "")
        if not username or not password:
            return _form(after, username, "Enter your username and your password.", status=422)
        credentials = Credentials(username=username, password=password)
        return await self._begin(request, address, credentials, SecondStep(), after)

    async def sign_out(self, request: Request, guest: Guest) -> Reply:
        if request.method != "POST":
            return message(405, "That does not work here", "Use the button.", headers=((b"allow", b"POST"),))
        form = await form_from(request)
        if not guest.is_form_token(form.get("form_token", "")):
            return message(403, "That form is too old", "Reload the page and try again.", guest)
        header = await self._visits.end(request, guest, everywhere=form.get("everywhere") == "1")
        return see_other(SIGN_IN, headers=(header,))

    async def _second_step(self, request: Request, address: Address | None, form: dict[str, str], after: str) -> Reply:
        step = SecondStep(code="".join(form.get("code", "").split()), token=form["step"])
        if not step.code:
            return _code_form(form["step"], after, "Enter the code that your app shows.", status=422)
        return await self._begin(request, address, None, step, after)

    async def _begin(
        self, request: Request, address: Address | None, credentials: Credentials | None, step: SecondStep, after: str
    ) -> Reply:
        try:
            person = await self._login.person_at_login(credentials, step, address)
            person.caller_of(SELF)
        except BadLogin:
            if credentials is None:
                return _form(after, problem=_WRONG_CODE, status=401)
            return _form(after, credentials.username, _WRONG, status=401)
        except CodeWanted as wanted:
            return _code_form(wanted.token, after)
        except NotAllowed:
            text = "Your role does not open the console. Ask whoever administers Tollhouse."
            return _form(after, problem=text, status=403)
        guest, header = await self._visits.begin(request, person, address)
        return see_other(after or first_place(guest), headers=(header,))


def _form(after: str, username: str = "", problem: str = "", status: int = 200) -> Reply:
    return plain_page("sign-in.html", status, after=after, username=username, problem=problem)


def _code_form(step: str, after: str, problem: str = "", status: int = 200) -> Reply:
    return plain_page("code.html", status, step=step, after=after, problem=problem)


def _next_in(query: bytes) -> str:
    try:
        found = parse_qs(query.decode("ascii"), max_num_fields=20).get("next", [""])
    except ValueError:
        return ""
    return _own_path(found[0])


def _own_path(text: str) -> str:
    """Where to go on after signing in: a page of the console and nothing else."""
    is_ours = text == PATH or text.startswith((f"{PATH}/", f"{PATH}?"))
    is_plain = text.isascii() and text.isprintable() and "\\" not in text and "//" not in text and " " not in text
    return text if is_ours and is_plain and len(text) <= _NEXT_LENGTH_MAX and not text.startswith(SIGN_IN) else ""
