"""Page views. The vendor's call is not published: this is ours."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors
from tollhouse.ledger.commands import PageTold, Told

URL_LENGTH_MAX: Final = 2048
TITLE_LENGTH_MAX: Final = 500


def page_of_one(body: dict[str, Any], reading: values.Reading, errors: Errors) -> Told:
    identity = values.identity(body, "", errors)
    url = values.required_text(body, "url", "", URL_LENGTH_MAX, errors)
    page = PageTold(
        page=_page(url, errors),
        url=url,
        title=values.text(body, "title", "", TITLE_LENGTH_MAX, errors) or "",
        effective_at=values.time(body, "created_at", "", reading.now, errors),
    )
    return Told(identity=identity, pages=(page,), touch_session=values.touch(body, "", errors))


def _page(url: str, errors: Errors) -> str:
    """What tells pages apart: the address without its query and fragment, its host in small letters."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc:
        errors.setdefault("url", ["must be the address of a page: http or https"])
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/", query="", fragment="").geturl()
