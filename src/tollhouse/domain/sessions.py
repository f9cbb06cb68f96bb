"""When a customer's session begins."""

from __future__ import annotations


def touched(sessions: int, last_seen_at: int | None, now: int, window_us: int) -> tuple[int, int]:
    """The number of sessions and the instant last seen, after the customer was seen at `now`.

    All instants are microseconds UTC, `window_us` microseconds. More than the window without a sign of the
    customer, or none ever, begins a session; exactly the window does not. The instant last seen never goes
    back.
    """
    if last_seen_at is None:
        return sessions + 1, now
    begins = now - last_seen_at > window_us
    return sessions + begins, max(last_seen_at, now)
