"""A browser as far as the console needs one: it signs in, keeps the cookie, sends forms as they stand, and follows."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from tests.harness import Answer, InProcess

_VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr"})


class Form:
    """One form of a page, with the values it stands at."""

    def __init__(self, action: str, method: str) -> None:
        self.action = action
        self.method = method
        self.values: dict[str, str] = {}
        self.choices: dict[str, list[str]] = {}


class Page(HTMLParser):
    """What a page holds. Reading it asserts what every page keeps to: no id twice, each field with a label, one <h1>,
    no inline style or script, and a form token in each form that is sent to us."""

    def __init__(self, path: str, answer: Answer) -> None:
        super().__init__()
        self.path = path
        self.answer = answer
        self.status = answer.status
        self.text = ""
        self.main = ""
        self.title = ""
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.rows: list[list[str]] = []
        self.headings: list[tuple[str, str]] = []
        self._texts: list[str] = []
        self._mains: list[str] = []
        self._labels: set[str] = set()
        self._fields: list[str] = []
        self._open: list[str] = []
        self._select = ""
        if "html" in answer.headers.get("content-type", ""):
            self.feed(answer.body.decode())
            self.text, self.main = (" ".join(" ".join(parts).split()) for parts in (self._texts, self._mains))
            self._check()

    def form(self, action: str) -> Form:
        """The form that is sent to this path."""
        found = [form for form in self.forms if form.action.partition("?")[0] == action]
        assert found, f"{self.path} has no form for {action}; there are {[form.action for form in self.forms]}"
        return found[0]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        assert not any(name == "style" or name.startswith("on") for name in given), given
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in given:
            assert given["id"] not in self.ids, f"{given['id']} is there twice"
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "label":
            self._labels.add(given["for"])
        elif tag == "form":
            self.forms.append(Form(given["action"], given["method"]))
        elif tag in ("h1", "h2", "h3"):
            self.headings.append((tag, ""))
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        elif tag == "script":
            assert given.get("src"), "no script is inline"
        self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        if tag in ("input", "select", "textarea") and given.get("type") != "hidden" and "aria-label" not in given:
            self._fields.append(given.get("id", f"{tag} without an id: {given}"))
        if tag == "select":
            self._select = given["name"]
            self.forms[-1].choices[self._select] = []
        elif tag == "option" and self._select:
            form = self.forms[-1]
            form.choices[self._select].append(given["value"])
            if "selected" in given or self._select not in form.values:
                form.values[self._select] = given["value"]
        elif tag == "textarea":
            self.forms[-1].values[given["name"]] = ""
        elif tag == "input" and (given.get("type") not in ("radio", "checkbox") or "checked" in given):
            self.forms[-1].values[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open[-1:] == [tag], f"</{tag}> closes {self._open[-3:]}"
        self._open.pop()
        if tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title":
            self.title += data if "svg" not in self._open else ""
            return
        if data.isspace():
            return
        self._texts.append(data)
        if "main" in self._open:
            self._mains.append(data)
        if self.headings and any(tag in ("h1", "h2", "h3") for tag in self._open):
            tag, text = self.headings[-1]
            self.headings[-1] = tag, " ".join(f"{text} {data}".split())
        if self.rows and self.rows[-1] and any(tag in ("td", "th") for tag in self._open):
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())

    def _check(self) -> None:
        assert [tag for tag, _ in self.headings].count("h1") == 1, self.headings
        assert set(self._fields) <= self._labels, set(self._fields) - self._labels
        for form in self.forms:
            is_open = form.action.endswith("/sign-in")
            assert form.method == "get" or is_open or "form_token" in form.values, form.action


class Visitor:
    def __init__(self, application: InProcess) -> None:
        self._application = application
        self.cookies: dict[str, str] = {}
        self.page = Page("", Answer(0, {}, b""))

    def sign_in(self, username: str, password: str = "password") -> Page:
        """Sign in; the page is the person's own."""
        self.open("/console/sign-in?next=/console/me")
        return self.send("/console/sign-in", username=username, password=password)

    def open(self, path: str) -> Page:
        """Ask for a page, and follow where it leads."""
        return self._shown("GET", path)

    def send(self, action: str, **filled: str) -> Page:
        """Send the page's form for this action, with these fields filled in, and follow where it leads."""
        form = self.page.form(action)
        values = {**form.values, **filled}
        if form.method == "get":
            return self._shown("GET", f"{form.action}?{urlencode(values)}")
        return self.post(form.action, values)

    def post(self, path: str, values: dict[str, str], **headers: str) -> Page:
        return self._shown("POST", path, urlencode(values).encode(), headers)

    def ask(self, path: str) -> Answer:
        """The answer for a path as it is: not followed, and no page is read."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return self._application.request("GET", path, key=None, headers={"cookie": cookies})

    def _shown(self, method: str, path: str, body: bytes = b"", given: dict[str, str] | None = None) -> Page:
        headers = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._application.request(method, path, body, key=None, headers={**headers, **(given or {})})
        name, _, value = answer.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if name:
            self.cookies[name] = value
        self.page = Page(path, answer)
        location = answer.headers.get("location", "")
        return self._shown("GET", urljoin(path, location)) if location.startswith("/") else self.page
