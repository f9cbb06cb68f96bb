"""Lists in the order of an index: where a page begins, and how far it may look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, select, tuple_

from tollhouse.ledger.commands import Caller
from tollhouse.ledger.queries.transaction_lists import LOOKED_AT, ROWS, Found, Place, R


def looked_up(column: Column[Any], condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """A column of the one row that a row leads to by a key, null where there is none. It is looked up for each row that
    is looked at: a planner makes no join of it, which would read the other table whole."""
    return select(column).where(condition).limit(1).scalar_subquery()


def is_reached(caller: Caller, path: ColumnElement[Any]) -> ColumnElement[bool]:
    return path.startswith(caller.path, autoescape=True) if caller.may_reach_below else path == caller.path


class Walk(NamedTuple):
    """An index by an instant and a number, walked from its end or, where `is_rising`, from its beginning."""

    at: Column[Any]
    number: Column[Any]
    is_rising: bool = False

    def order(self) -> list[ColumnElement[Any]]:
        columns = (self.at, self.number)
        return [column.asc() if self.is_rising else column.desc() for column in columns]

    def behind(self, place: Place) -> ColumnElement[bool]:
        """Whether a row stands behind a place."""
        here = tuple_(self.at, self.number)
        return here > tuple_(*place) if self.is_rising else here < tuple_(*place)

    def up_to(self, place: Place) -> ColumnElement[bool]:
        """Whether a row stands at a place or before it."""
        here = tuple_(self.at, self.number)
        return here <= tuple_(*place) if self.is_rising else here >= tuple_(*place)

    def end_of_look(
        self, connection: Connection, conditions: Sequence[ColumnElement[bool]], count: int = LOOKED_AT
    ) -> Place | None:
        """Where the look at `count` rows ends; None where there are fewer. Reads nothing but the index that serves the
        conditions."""
        query = select(self.at, self.number).where(*conditions).order_by(*self.order())
        row = connection.execute(query.offset(count - 1).limit(1)).first()
        return None if row is None else Place(int(row[0]), int(row[1]))

    def found(self, rows: list[R], places: Sequence[Place], end: Place | None) -> Found[R]:
        """The page of these rows, of which there is one more than a page has where the list goes on. `end` is where
        the look at them ended, None where nothing was left to look at."""
        if len(rows) > ROWS:
            return Found(rows[:ROWS], older=places[ROWS - 1])
        return Found(rows, older=end, looked_until=end)
