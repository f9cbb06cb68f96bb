"""Every path that is served: the doors' by their descriptions, our own by name."""

from __future__ import annotations

from reference.markdown import code, table
from reference.markdown import page as markdown_page
from tollhouse.apis.docs.reading import Description, description_of
from tollhouse.app.doors import DESCRIPTIONS

#: What is served beside the described doors, by the prefix that leads there; a test compares it with the server.
OWN = {
    "/healthz": "200 while the process lives ([operations.md](../operations.md#health-and-metrics))",
    "/readyz": "200 when the store answers and its tables are up to date",
    "/metrics": "Prometheus text ([metrics.md](metrics.md))",
    "/openapi": "`/openapi/<door>.json`: each door's description",
    "/docs": "the same descriptions as pages to be read: `/docs/<door>`",
    "/checkout": "pages on which customers pay ([checkout.md](../checkout.md))",
    "/portal": "pages on which customers see what they bought ([checkout.md](../checkout.md#portal))",
    "/gateways": "`POST /gateways/<gateway>/<tenant>`: what gateways tell ([gateways.md](../gateways.md#events))",
    "/console": "pages for people, who sign in ([console.md](../console.md))",
    "/js": "`/js/app.js`: the script for web pages ([tag.md](../tag.md))",
}
#: Prefixes of described doors.
DESCRIBED = {"beacon": "", "enswitch": "/api/json", "kelviq": "/api/v1", "admin": "/admin/v1"}
_GUIDES = {"beacon": "beacon.md", "enswitch": "enswitch.md", "kelviq": "kelviq.md", "admin": "admin.md"}


def page() -> str:
    doors = {name: description_of(document) for name, document in DESCRIPTIONS.items()}
    return markdown_page(
        "Endpoints",
        "Every path that the server answers. With every parameter, body and answer they are on your own server at "
        "`/docs`, and for programs at `/openapi/<door>.json`.",
        *(_door(name, door) for name, door in doors.items()),
        "## Our own paths",
        "They want no API key. A customer's page has a link of its own, what a gateway tells is signed by it, and "
        "people sign in to the console.",
        table(("path", "what is there"), [(code(prefix), told) for prefix, told in OWN.items()]),
    )


def _door(name: str, door: Description) -> str:
    rows = [
        (" ".join(operation.methods), code(operation.path), operation.summary)
        for noun in door.nouns
        for operation in noun.operations
    ]
    more = f"What is served, how we read what is left open, what is absent: [{_GUIDES[name]}](../{_GUIDES[name]})."
    if name == "admin":
        more = "In words: [admin.md](../admin.md)."
    return f"## {name.title()}\n\n{more}\n\n{table(('method', 'path', 'what it does'), rows)}"
