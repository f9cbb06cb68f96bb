"""Which day an instant belongs to, for many instants at little cost: always what `schedule.local_day` says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from tollhouse.domain.schedule import local_day

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DAY: Final = timedelta(days=1) // _MICROSECOND

_FIRST: Final = (datetime(1, 1, 2, tzinfo=UTC) - _EPOCH) // _MICROSECOND // _DAY
_LAST: Final = (datetime(9999, 12, 30, tzinfo=UTC) - _EPOCH) // _MICROSECOND // _DAY
"""The days of UTC, counted from 1970, that have a day of the calendar on either side."""

_KNOWN_MAX: Final = 4096
_TIMEZONES_MAX: Final = 1024


class Days:
    """The days of one time zone. Instants are microseconds since 1970-01-01 UTC.

    Within a day of UTC local midnight comes once, where the offset stays as it is: its instant and the days on both
    sides of it are remembered. The few days with a change of the offset are worked out each time.
    """

    def __init__(self, timezone: str) -> None:
        """A name that zoneinfo does not know, or knows no more, is taken for UTC: figures stop nobody's charge."""
        try:
            self._zone = ZoneInfo(timezone)
        except (LookupError, ValueError, OSError):
            timezone = "UTC"
            self._zone = ZoneInfo(timezone)
        self._timezone = timezone
        self._known: dict[int, tuple[int, str, str] | None] = {}

    def day_of(self, instant: int) -> str:
        """The local day, as 2027-01-31."""
        number = instant // _DAY
        known = self._known.get(number) or self._learned(number)
        if known is None:
            return local_day(instant, self._timezone).isoformat()
        midnight, before, after = known
        return before if instant < midnight else after

    def _learned(self, number: int) -> tuple[int, str, str] | None:
        if number in self._known or not _FIRST <= number <= _LAST:
            return None
        first = number * _DAY
        offset = self._offset(first)
        known = None
        if offset == self._offset(first + _DAY - 1):
            midnight = first + _DAY - (first + offset) % _DAY
            before = local_day(first, self._timezone)
            known = midnight, before.isoformat(), (before + timedelta(days=1)).isoformat()
        if len(self._known) >= _KNOWN_MAX:
            self._known = {}
        self._known[number] = known
        return known

    def _offset(self, instant: int) -> int:
        offset = (_EPOCH + instant * _MICROSECOND).astimezone(self._zone).utcoffset()
        return (offset or timedelta()) // _MICROSECOND


@lru_cache(_TIMEZONES_MAX)
def days_in(timezone: str) -> Days:
    """The days of a time zone, by its name; what they remember is shared by all who ask."""
    return Days(timezone)
