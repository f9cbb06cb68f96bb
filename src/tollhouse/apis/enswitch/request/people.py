"""From the wire to commands and questions about people. Each raises Invalid."""

from __future__ import annotations

from typing import Any

import pyotp

from tollhouse.apis.enswitch.call import Call
from tollhouse.apis.enswitch.functions.people import PROFILE
from tollhouse.apis.enswitch.sent import Given
from tollhouse.domain.identity import is_email
from tollhouse.domain.places import is_country_code, is_timezone
from tollhouse.ledger.addresses import is_source
from tollhouse.ledger.commands import CreatePerson, DeletePerson, UnlockPerson, UpdatePerson
from tollhouse.ledger.commands.people import TotpChange
from tollhouse.ledger.queries import PeopleWanted


def person_to_create(call: Call) -> CreatePerson:
    """Without the password's hash, which takes its time."""
    given = call.given
    fields = _fields(given)
    password, copied = given.get("password"), given.get("copy_password", 0)
    if password is not None and copied:
        given.refuse("copy_password", "copy_password may not be given together with password.")
    elif password is None and not copied and not given.has_fault("password", "copy_password"):
        given.refuse("password", "password or copy_password is required.")
    given.check()
    return CreatePerson(
        tenant_id=call.tenant_id,
        caller=call.caller,
        privileges=call.person.privileges,
        customer_number=given.get("customer") or None,
        copy_password=copied,
        validation=given.get("validation") == 1,
        **{name: value for name, value in fields.items() if value is not None},
    )


def person_to_update(call: Call) -> UpdatePerson:
    """Without the password's hash."""
    given = call.given
    fields = _fields(given)
    totp = _totp(given)
    given.check()
    return UpdatePerson(
        tenant_id=call.tenant_id,
        caller=call.caller,
        privileges=call.person.privileges,
        may_manage=call.may("administrator", "wholesale"),
        person_id=given.get("id"),
        totp=totp,
        validation=given.get("validation") == 1,
        **fields,
    )


def person_to_delete(call: Call) -> DeletePerson:
    given = call.given
    given.check()
    privileges = call.person.privileges
    return DeletePerson(tenant_id=call.tenant_id, caller=call.caller, privileges=privileges, person_id=given.get("id"))


def person_to_unlock(call: Call) -> UnlockPerson:
    given = call.given
    given.check()
    privileges = call.person.privileges
    return UnlockPerson(tenant_id=call.tenant_id, caller=call.caller, privileges=privileges, person_id=given.get("id"))


def person_wanted(given: Given) -> dict[str, Any]:
    """By what a person is asked for: id, else username, else e-mail. A 0 and an empty text count as not given."""
    wanted = {name: given.get(name) for name in ("id", "username", "email") if given.get(name)}
    if not wanted:
        given.refuse("id", "id, username or email is required.")
    given.check()
    return dict([next(iter(wanted.items()))])


def person_to_switch_to(given: Given) -> dict[str, Any]:
    """Whom to act as: by exactly one of id and username."""
    wanted = {name: given.get(name) for name in ("id", "username") if given.get(name)}
    if len(wanted) > 1:
        given.refuse("username", "username may not be given together with id.")
    elif not wanted:
        given.refuse("id", "id or username is required.")
    given.check()
    return wanted


def people_wanted(call: Call) -> PeopleWanted:
    given = call.given
    if given.get("count") and given.get("pages"):
        given.refuse("pages", "pages may not be given together with count.")
    given.check()
    return PeopleWanted(
        customer_number=given.get("customer") or call.caller.customer_number,
        sort=given.get("sort", "username"),
        descending=given.get("descending") == 1,
        limit=given.get("limit", 0),
        offset=given.get("offset", 0),
    )


def _fields(given: Given) -> dict[str, Any]:
    """What was said of a person, None where nothing was. Notes faults."""
    email = given.get("email")
    if email is not None and not is_email(email.strip()):
        given.refuse("email", "email must be an e-mail address.")
    if given.get("timezone") and not is_timezone(given.get("timezone")):
        given.refuse("timezone", "timezone must be an IANA time zone such as Europe/Berlin.")
    if given.get("country") and not is_country_code(given.get("country")):
        given.refuse("country", "country must be the ISO 3166-1 code of a country.")
    profile = {name: given.get(name) for name in (parameter.name for parameter in PROFILE)}
    if profile["country"]:
        profile["country"] = profile["country"].upper()
    return {
        "username": given.get("username"),
        "email": None if email is None else email.strip(),
        "role_id": given.get("role"),
        "forename": given.get("forename"),
        "surname": given.get("surname"),
        "source": _source(given),
        "profile": tuple((name, value) for name, value in profile.items() if value is not None),
    }


def _source(given: Given) -> str | None:
    source: str | None = given.get("source")
    if source is not None and not is_source(source):
        given.refuse("source", "source must be IP addresses or CIDR ranges, separated by spaces or commas.")
    return None if source is None else source.strip(" ,\t\r\n")


def _totp(given: Given) -> TotpChange | None:
    """Without a code a wish for codes is answered by a fresh secret, with one it confirms that."""
    wanted, code = given.get("totp"), given.get("auth_code", "").strip()
    if wanted is None:
        return None
    return TotpChange(wanted == 1, pyotp.random_base32() if wanted and not code else "", code)
