"""Which page is at a path, and what it wants of whoever opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from tollhouse.console.access import Opens
from tollhouse.console.visits import Handler


class On(NamedTuple):
    """What answers, and what it wants of whoever asks."""

    opens: Opens
    handler: Handler


#: By path below /console and method. A part of a path in braces is a name for whatever stands there.
Routes = Mapping[str, Mapping[str, On]]


class Noun(Protocol):
    """The pages of one noun."""

    def routes(self) -> Routes: ...
