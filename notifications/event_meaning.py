"""What an event of an alert means to people who are not looking at a page. Pure: states in, meaning out.

It goes by the state before and after, not by the name of the transition: a transition that is added later means what
it does.
"""

from __future__ import annotations

from enum import StrEnum

from alerts.lifecycle import DisplayState

ASKS = DisplayState.UNACKNOWLEDGED
SUPPRESSED = frozenset({DisplayState.SHELVED, DisplayState.BY_DESIGN, DisplayState.OUT_OF_SERVICE})


class EventMeaning(StrEnum):
    """alarm: somebody has to look. update: how it went on. silence: put aside, say nothing. nothing: no news."""

    ALARM = "alarm"
    UPDATE = "update"
    SILENCE = "silence"
    NOTHING = "nothing"


def meaning_of(before: str, after: str, severity_before: int | None, severity_after: int) -> EventMeaning:
    """The meaning of one event.

    before: empty for the first event of an alert. An alert that begins closed (late data) is no news, whatever it was.
    """
    if after in SUPPRESSED:
        return EventMeaning.NOTHING if before in SUPPRESSED else EventMeaning.SILENCE
    if after == ASKS:
        is_worse = severity_after > (severity_before or 0)
        return EventMeaning.ALARM if before != ASKS or is_worse else EventMeaning.NOTHING
    if not before or before == after or before in SUPPRESSED:
        return EventMeaning.NOTHING
    return EventMeaning.UPDATE
