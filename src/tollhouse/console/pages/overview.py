"""What the whole tenant comes to."""

from __future__ import annotations

from tollhouse.console import access
from tollhouse.console.rendering import page
from tollhouse.console.routing import On, Routes
from tollhouse.console.visits import Visit
from tollhouse.web import Reply


class Overview:
    def routes(self) -> Routes:
        return {"": {"GET": On(access.FIGURES, self._show)}}

    async def _show(self, visit: Visit) -> Reply:
        return page(visit, "overview.html")
