"""Pages made of the doors' descriptions: all that is described is there, and nothing comes from elsewhere."""

from __future__ import annotations

from html.parser import HTMLParser

import jsonschema_rs
import pytest

from tests.harness import InProcess
from tollhouse.apis.docs.reading import description_of
from tollhouse.apis.docs.schemas import shown
from tollhouse.app.doors import DESCRIPTIONS

PATHS = ["/docs", "/docs/nothing", *(f"/docs/{name}" for name in DESCRIPTIONS)]


class Read(HTMLParser):
    """Ids, links and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attributes:
            self.attributes.add(name)
            if name == "id":
                self.ids.append(value or "")
            elif name in ("href", "src"):
                self.links.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(application: InProcess, path: str) -> Read:
    return Read(application.request("GET", path, key=None).body.decode())


@pytest.mark.parametrize("path", PATHS)
def test_a_page_needs_nothing_but_our_own_style(application: InProcess, path: str) -> None:
    answer = application.request("GET", path, key=None)
    assert answer.status == (404 if path.endswith("nothing") else 200)
    assert "default-src 'none'; style-src 'self';" in answer.headers["content-security-policy"]
    page = Read(answer.body.decode())
    assert not page.tags & {"script", "style", "iframe", "img", "form"}
    assert not {name for name in page.attributes if name == "style" or name.startswith("on")}
    for link in page.links:
        target = link.partition("#")[0].partition("?")[0]
        assert not target or application.request("GET", target, key=None).status == 200, link


@pytest.mark.parametrize("path", PATHS)
def test_every_anchor_is_there_once(application: InProcess, path: str) -> None:
    page = read(application, path)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_everything_that_is_described_is_on_the_page(application: InProcess, name: str) -> None:
    text = read(application, f"/docs/{name}").text
    for path, methods in DESCRIPTIONS[name]["paths"].items():
        assert path in text
        for operation in methods.values():
            assert operation["summary"] in text
            for parameter in operation.get("parameters", ()):
                assert parameter["name"] in text
    for schema in DESCRIPTIONS[name]["components"]["schemas"]:
        assert schema in text


def test_get_and_post_of_one_function_are_one_operation() -> None:
    door = description_of(DESCRIPTIONS["enswitch"])
    methods = {tuple(operation.methods) for noun in door.nouns for operation in noun.operations}
    assert methods == {("GET", "POST")}
    assert door.operations_count == len(DESCRIPTIONS["enswitch"]["paths"])


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "string", "minLength": 1}, "text, not empty"),
        ({"type": "string", "maxLength": 5, "pattern": "^a$"}, "text, at most 5 characters, like ^a$"),
        ({"type": "string", "format": "uuid"}, "text (uuid)"),
        ({"type": "integer", "minimum": 0, "maximum": 9}, "integer, 0 to 9"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"anyOf": [{"$ref": "#/components/schemas/Charge"}, {"type": "null"}]}, "Charge or null"),
        ({"type": "array", "items": {"type": "boolean"}, "maxItems": 3}, "list of true or false, at most 3 items"),
        ({"type": "array"}, "list"),
        ({"enum": ["a", "", None]}, 'a, "", null'),
        ({"const": True}, "always true"),
        ({}, "anything"),
    ],
)
def test_what_a_value_may_be_reads_as_words(schema: dict[str, object], says: str) -> None:
    assert "".join(part.text for part in shown(schema).parts) == says


def test_fields_within_fields_are_named_by_their_path() -> None:
    inner = {"type": "array", "items": {"type": "object", "properties": {"amount": {"type": "integer"}}}}
    schema = {"type": "object", "required": ["charges"], "properties": {"charges": inner}}
    assert [(field.name, field.is_required) for field in shown(schema).fields] == [
        ("charges", True),
        ("charges[].amount", False),
    ]


def test_what_a_description_says_is_never_markup(application: InProcess) -> None:
    assert b"<code>Authorization: Bearer" in application.request("GET", "/docs/beacon", key=None).body
    answer = application.request("GET", "/docs/%3Cb%3E", key=None)
    assert answer.status == 404
    assert b"<b>" not in answer.body


def test_a_page_is_made_once(monkeypatch: pytest.MonkeyPatch, application: InProcess) -> None:
    first = application.request("GET", "/docs/beacon", key=None).body
    monkeypatch.setattr("tollhouse.apis.docs.door.description_of", None)
    assert application.request("GET", "/docs/beacon/", key=None).body == first


def test_reading_is_all_there_is_to_do(application: InProcess) -> None:
    answer = application.request("POST", "/docs/beacon", key=None)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("door", "path", "call"),
    [
        (
            "beacon",
            "/charges",
            'curl -s "$SERVER/charges" \\\n  -H "Authorization: Bearer $KEY" \\\n'
            '  -H \'Content-Type: application/json\' \\\n  -d \'{"user_id": "cust_789", "amount": 1999}\'',
        ),
        (
            "enswitch",
            "/api/json/charges/charge/",
            "curl -s \"$SERVER/api/json/charges/charge/\" \\\n  -d 'auth_username=…&auth_password=…&id=…'",
        ),
        (
            "admin",
            "/admin/v1/keys/{key}",
            'curl -s -X DELETE "$SERVER/admin/v1/keys/…" \\\n  -H "Authorization: Bearer $KEY"',
        ),
    ],
)
def test_a_call_has_what_it_must(door: str, path: str, call: str) -> None:
    nouns = description_of(DESCRIPTIONS[door]).nouns
    calls = [operation.call for noun in nouns for operation in noun.operations if operation.path == path]
    assert calls == [call]


def test_the_examples_of_bodies_are_what_the_doors_take() -> None:
    """An example that breaks its own schema would lead astray."""
    for name, document in DESCRIPTIONS.items():
        for schema_name, schema in document["components"]["schemas"].items():
            if "example" in schema:
                whole = {**schema, "components": document["components"]}
                assert jsonschema_rs.is_valid(whole, schema["example"]), f"{name}: {schema_name}"
