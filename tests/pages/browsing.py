"""A browser as far as the pages need one: it sends forms as they stand, keeps cookies, and follows to our own pages."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode

from tests.harness import Answer, InProcess


class Page(HTMLParser):
    """What a page holds: text, forms with the values they stand at, and what an id describes."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer
        self.text = ""
        self.forms: list[dict[str, str]] = []
        self.actions: list[str] = []
        self.ids: dict[str, dict[str, str]] = {}
        self._select = ""
        if "html" in answer.headers.get("content-type", ""):
            self.feed(answer.body.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if "id" in given:
            assert given["id"] not in self.ids, given["id"]
            self.ids[given["id"]] = given
        if tag == "form":
            assert given["method"] == "post"
            self.forms.append({})
            self.actions.append(given["action"])
        elif tag == "select":
            self._select = given["name"]
            self.forms[-1][self._select] = ""
        elif tag == "option" and "selected" in given:
            self.forms[-1][self._select] = given["value"]
        elif tag == "input" and (given["type"] not in ("radio", "checkbox") or "checked" in given):
            self.forms[-1][given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        self.text = " ".join(f"{self.text} {data}".split())


class Browser:
    def __init__(self, application: InProcess) -> None:
        self._application = application
        self.cookies: dict[str, str] = {}
        self.page = Page(Answer(0, {}, b""))
        self.path = ""

    def open(self, path: str) -> Page:
        return self._shown("GET", path)

    def send(self, index: int = 0, **filled: str) -> Page:
        """Send one of the page's forms, with these fields filled in."""
        values = {**self.page.forms[index], **filled}
        return self._shown("POST", self.page.actions[index], urlencode(values).encode())

    def _shown(self, method: str, path: str, body: bytes = b"") -> Page:
        headers = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._application.request(method, path, body, key=None, headers=headers)
        name, _, value = answer.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if name:
            self.cookies[name] = value
        self.path, self.page = path, Page(answer)
        location = answer.headers.get("location", "")
        return self._shown("GET", location) if location.startswith("/") else self.page


CARD = {"number": "4242 4242 4242 4242", "expiry": "12/34", "cvc": "123"}
DECLINED = {**CARD, "number": "4000 0000 0000 0002"}
ASKING = {**CARD, "number": "4000-0025-0000-3155"}
WHO = {"email": "bob@example.com", "name": "Bob", "country": "US"}
