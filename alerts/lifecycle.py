"""The life of an alert: three dimensions, a table of moves, the word an operator reads. Pure: no database, no clock.

    move            who        from                         to
    escalate        data       open                         unacknowledged again: a worse alarm is a new alarm
    ease            data       open                         severity falls, nothing else changes
    clear           data       active                       cleared; closed if it was acknowledged and is not latched
    return          data       cleared, open                active, unacknowledged again, one more occurrence
    acknowledge     operator   open, unacknowledged         acknowledged; closed if it had cleared and is not latched
    unacknowledge   operator   open, acknowledged           unacknowledged
    resolve         operator   open                         closed
    reopen          system     closed                       active, unacknowledged
    supersede       system     open, cleared                closed
    withdraw        system     open, cleared                closed: not found again with corrected data or a newer model
    suspend         system     open, not suppressed         out of service while people work on the substation
    resume          system     out of service               unacknowledged again if it is still active
    shelve          operator   open, not suppressed         put aside until a time that is always given
    unshelve        anybody    shelved                      unacknowledged again if it is still active

A *latched* alert (Critical) stays on the desk after it has cleared, until somebody resolves it. Anything that the table
does not name is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Condition(StrEnum):
    ACTIVE = "active"
    CLEARED = "cleared"


class Suppression(StrEnum):
    NONE = "none"
    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


class Word(StrEnum):
    """What an operator reads; the letters are the states of ISA-18.2."""

    UNACKNOWLEDGED = "unacknowledged"  # B
    ACKNOWLEDGED = "acknowledged"  # C
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"  # D
    CLEARED_LATCHED = "cleared_latched"  # D, acknowledged, resolution owed
    SHELVED = "shelved"  # E
    BY_DESIGN = "by_design"  # F
    OUT_OF_SERVICE = "out_of_service"  # G
    CLOSED = "closed"  # A

    @property
    def label(self) -> str:
        return str(LABELS[self])


LABELS = {
    Word.UNACKNOWLEDGED: _("Active"),
    Word.ACKNOWLEDGED: _("Acknowledged"),
    Word.CLEARED_UNACKNOWLEDGED: _("Cleared, needs acknowledging"),
    Word.CLEARED_LATCHED: _("Cleared, needs resolving"),
    Word.SHELVED: _("Shelved"),
    Word.BY_DESIGN: _("Suppressed by design"),
    Word.OUT_OF_SERVICE: _("Out of service"),
    Word.CLOSED: _("Resolved"),
}

SUPPRESSED_WORDS = {
    Suppression.SHELVED: Word.SHELVED,
    Suppression.BY_DESIGN: Word.BY_DESIGN,
    Suppression.OUT_OF_SERVICE: Word.OUT_OF_SERVICE,
}


class Move(StrEnum):
    RAISE = "raise"
    RECORD = "record"
    ESCALATE = "escalate"
    EASE = "ease"
    CLEAR = "clear"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    RESUME = "resume"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    COMMENT = "comment"


ACTION_WORDS = {
    Move.RAISE: _("Raised"),
    Move.RECORD: _("Retrospective"),
    Move.ESCALATE: _("Severity rose"),
    Move.EASE: _("Severity fell"),
    Move.CLEAR: _("Cleared"),
    Move.RETURN: _("Returned"),
    Move.ACKNOWLEDGE: _("Acknowledged"),
    Move.UNACKNOWLEDGE: _("Unacknowledged"),
    Move.RESOLVE: _("Resolved"),
    Move.REOPEN: _("Still present, reopened"),
    Move.SUPERSEDE: _("Superseded"),
    Move.WITHDRAW: _("Withdrawn"),
    Move.SUSPEND: _("Out of service for planned work"),
    Move.RESUME: _("Planned work has ended"),
    Move.SHELVE: _("Shelved"),
    Move.UNSHELVE: _("Unshelved"),
    Move.COMMENT: _("Comment"),
}


PUTS_ASIDE = {Move.SUSPEND: Suppression.OUT_OF_SERVICE, Move.SHELVE: Suppression.SHELVED}


class Refused(Exception):
    """The table has no such move from this state."""

    def __init__(self, move: Move, state: State) -> None:
        super().__init__(
            _("“%(move)s” is not possible: the alert is “%(word)s”.")
            % {"move": ACTION_WORDS[move], "word": state.word.label}
        )
        self.move, self.state = move, state


@dataclass(frozen=True, slots=True)
class State:
    """The three dimensions of an alert and whether it is in the history."""

    condition: Condition = Condition.ACTIVE
    acknowledged: bool = False
    suppression: Suppression = Suppression.NONE
    closed: bool = False

    @property
    def word(self) -> Word:
        if self.closed:
            return Word.CLOSED
        if self.suppression is not Suppression.NONE:
            return SUPPRESSED_WORDS[self.suppression]
        if self.condition is Condition.ACTIVE:
            return Word.ACKNOWLEDGED if self.acknowledged else Word.UNACKNOWLEDGED
        return Word.CLEARED_LATCHED if self.acknowledged else Word.CLEARED_UNACKNOWLEDGED

    @property
    def active(self) -> bool:
        return self.condition is Condition.ACTIVE


def allowed(state: State, move: Move) -> bool:
    """Whether the table has this move from this state."""
    still_open = not state.closed
    return {
        Move.ESCALATE: still_open,
        Move.EASE: still_open,
        Move.CLEAR: state.active,
        Move.RETURN: still_open and not state.active,
        Move.ACKNOWLEDGE: still_open and not state.acknowledged,
        Move.UNACKNOWLEDGE: still_open and state.acknowledged,
        Move.RESOLVE: still_open,
        Move.REOPEN: state.closed,
        Move.SUPERSEDE: still_open and not state.active,
        Move.WITHDRAW: still_open and not state.active,
        Move.SUSPEND: still_open and state.suppression is Suppression.NONE,
        Move.RESUME: still_open and state.suppression is Suppression.OUT_OF_SERVICE,
        Move.SHELVE: still_open and state.suppression is Suppression.NONE,
        Move.UNSHELVE: still_open and state.suppression is Suppression.SHELVED,
        Move.COMMENT: True,
    }.get(move, False)


def after(state: State, move: Move, *, latched: bool) -> State:
    """The state that a move leads to.

    Raises:
        Refused: the table does not have this move from this state.
    """
    if not allowed(state, move):
        raise Refused(move, state)
    match move:
        case Move.ESCALATE | Move.UNACKNOWLEDGE:
            return replace(state, acknowledged=False)
        case Move.CLEAR:
            return replace(
                state,
                condition=Condition.CLEARED,
                closed=state.closed or (state.acknowledged and not latched),
            )
        case Move.RETURN:
            return replace(state, condition=Condition.ACTIVE, acknowledged=False)
        case Move.ACKNOWLEDGE:
            return replace(state, acknowledged=True, closed=not state.active and not latched)
        case Move.RESOLVE | Move.SUPERSEDE | Move.WITHDRAW:
            return replace(state, closed=True, suppression=Suppression.NONE)
        case Move.SUSPEND | Move.SHELVE:
            return replace(state, suppression=PUTS_ASIDE[move])
        case Move.RESUME | Move.UNSHELVE:
            return replace(state, suppression=Suppression.NONE, acknowledged=state.acknowledged and not state.active)
        case Move.REOPEN:
            return State(Condition.ACTIVE)
        case _:
            return state
