"""The project: the tenant whose key it is."""

from __future__ import annotations

from typing import Any

from tollhouse.apis.beacon.openapi.operations import change, listing, read
from tollhouse.apis.beacon.openapi.schemas import COUNT, NULL, SECONDS, STRING, TEXT, asked, nullable, ref, whole
from tollhouse.apis.beacon.routes.projects import NAME_LENGTH_MAX, WEBSITE_LENGTH_MAX

_ONE, _ALL = "/v1/projects/{slug}", "/v1/companies/{slug}/projects"
_SUM = {"type": "integer", "description": "In the currency's smallest unit, less what was refunded."}

SCHEMAS: dict[str, Any] = {
    "Project": whole(
        {
            "id": STRING,
            "company_id": STRING,
            "name": STRING,
            "website": TEXT,
            "currency": STRING,
            "timezone": STRING,
            "session_window_minutes": COUNT,
            "customers_count": COUNT,
            "charges_count": COUNT,
            "charges_sum": _SUM,
            "charges": {
                "type": "object",
                "description": "By currency.",
                "additionalProperties": whole({"count": COUNT, "sum": _SUM}),
            },
            "created_at": SECONDS,
            "updated_at": SECONDS,
            "deleted_at": NULL,
        }
    ),
    "ProjectSent": asked(
        {
            "name": nullable(type="string", maxLength=NAME_LENGTH_MAX),
            "website": nullable(type="string", maxLength=WEBSITE_LENGTH_MAX),
        }
    ),
}
PATHS: dict[str, Any] = {
    _ONE: {
        **read("readProject", "Read the project and what it comes to", _ONE, ref("Project")),
        **change(
            "put",
            ("changeProject", "Name the project and its website"),
            _ONE,
            ref("Project"),
            body=ref("ProjectSent"),
        ),
    },
    _ALL: listing("listProjects", "List the projects of a company: the one whose key it is", _ALL, ref("Project")),
}
