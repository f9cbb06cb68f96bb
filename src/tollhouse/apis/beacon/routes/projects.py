"""Core's projects, and what a project knows by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tollhouse.apis.beacon.reply.definitions import event_to_wire, tag_to_wire, trait_to_wire
from tollhouse.apis.beacon.reply.envelope import NOT_FOUND, data_to_wire, page_of_data
from tollhouse.apis.beacon.reply.projects import project_to_wire
from tollhouse.apis.beacon.request import values
from tollhouse.apis.beacon.request.body import Errors, Invalid
from tollhouse.apis.beacon.routes.asked import Answer, Answers, Asked
from tollhouse.apis.desk import Desk
from tollhouse.ledger.commands import ChangeProject
from tollhouse.ledger.facts import EventDefinitionFact, TagFact, TenantFact, TraitFact
from tollhouse.ledger.queries import Found, Queries
from tollhouse.ledger.queries.tracking import TrackingQueries
from tollhouse.web import Reply

NAME_LENGTH_MAX: Final = 255
WEBSITE_LENGTH_MAX: Final = 2048

#: Digits of the id of a definition.
ID_DIGITS_MAX: Final = 18

_DEFINITIONS: Final[dict[str, tuple[Any, Callable[[Any], dict[str, Any]]]]] = {
    "traits": (TraitFact, trait_to_wire),
    "events": (EventDefinitionFact, event_to_wire),
    "tags": (TagFact, tag_to_wire),
}


class Projects:
    def __init__(self, desk: Desk, queries: Queries, tracking: TrackingQueries) -> None:
        self._desk = desk
        self._queries = queries
        self._tracking = tracking

    def answers(self) -> Answers:
        answers: Answers = {
            "projects/{slug}": {"GET": self._read, "PUT": self._change},
            "companies/{slug}/projects": {"GET": self._of_company},
            # No messages are sent from here: there are none.
            "projects/{slug}/templates": {"GET": self._none},
            "projects/{slug}/campaigns": {"GET": self._none},
            "campaigns/{id}": {"GET": self._no_such},
        }
        for name in _DEFINITIONS:
            answers[f"projects/{{slug}}/{name}"] = {"GET": self._listing(name)}
            answers[f"{name}/{{id}}"] = {"GET": self._reading(name)}
        return answers

    async def _read(self, asked: Asked) -> Reply:
        return data_to_wire(await self._project(asked)) if asked.is_of_tenant else NOT_FOUND

    async def _of_company(self, asked: Asked) -> Reply:
        """The company of a project is the tenant too."""
        if not asked.is_of_tenant:
            return NOT_FOUND
        page = asked.page()
        data = [await self._project(asked)] if page.number == 1 else []
        return page_of_data(data, page, 1)

    async def _project(self, asked: Asked) -> dict[str, Any]:
        return await self._desk.reads.run(self._shown, asked.tenant_id)

    def _shown(self, tenant_id: int) -> dict[str, Any]:
        with self._desk.store.reading(tenant_id) as reader:
            (tenant,) = reader.find(TenantFact)
        return project_to_wire(tenant, self._queries.project_figures(tenant_id), self._tracking.website(tenant_id))

    async def _change(self, asked: Asked) -> Reply:
        if not asked.is_of_tenant:
            return NOT_FOUND
        errors: Errors = {}
        name = values.text(asked.body, "name", "", NAME_LENGTH_MAX, errors)
        website = values.text(asked.body, "website", "", WEBSITE_LENGTH_MAX, errors)
        if errors:
            raise Invalid(errors)
        await self._desk.execute(ChangeProject(tenant_id=asked.tenant_id, by=asked.by, name=name, website=website))
        return data_to_wire(await self._project(asked))

    async def _none(self, asked: Asked) -> Reply:
        return page_of_data([], asked.page(), 0) if asked.is_of_tenant else NOT_FOUND

    async def _no_such(self, _asked: Asked) -> Reply:
        return NOT_FOUND

    def _listing(self, name: str) -> Answer:
        kind, to_wire = _DEFINITIONS[name]

        async def listing(asked: Asked) -> Reply:
            if not asked.is_of_tenant:
                return NOT_FOUND
            page = asked.page()
            search, trait_kind = asked.search(), asked.query.get("type", "")
            found: Found[Any] = await self._desk.reads.run(
                self._tracking.definitions, asked.tenant_id, kind, search, page, trait_kind
            )
            return page_of_data(list(map(to_wire, found.rows)), page, found.total)

        return listing

    def _reading(self, name: str) -> Answer:
        kind, to_wire = _DEFINITIONS[name]

        async def reading(asked: Asked) -> Reply:
            text = asked.params["id"]
            if not (text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX):
                return NOT_FOUND
            found = await self._desk.reads.run(self._tracking.definition, asked.tenant_id, kind, int(text))
            return NOT_FOUND if found is None else data_to_wire(to_wire(found))

        return reading
