"""The life of an alert: three dimensions, a table of transitions, the state that an operator reads. Pure: no Django.

    transition      who        from                         to
    escalate        data       open                         unacknowledged again: a worse alarm is a new alarm
    de-escalate     data       open                         severity falls, nothing else changes
    clear           data       active                       cleared; closed if it was acknowledged and is not latched
    return          data       cleared, open                active, unacknowledged again, one more occurrence
    acknowledge     operator   open, unacknowledged         acknowledged; closed if it had cleared and is not latched
    unacknowledge   operator   acknowledged                 unacknowledged; what acknowledging closed is open again
    resolve         operator   open                         closed
    reopen          system     closed                       active, unacknowledged
    supersede       system     open, cleared                closed
    withdraw        system     open, cleared                closed: not found again with corrected data or a newer model
    suspend         system     open, not put aside          out of service while people work on the substation
    resume          system     out of service               unacknowledged again if it is still active
    shelve          operator   open, not put aside          put aside until a time that is always given
    unshelve        anybody    shelved                      unacknowledged again if it is still active
    suppress        system     open, not suppressed         by design: another alert explains it
    unsuppress      system     suppressed by design         unacknowledged again if it is still active
    re-alarm        system     active, acknowledged         unacknowledged again: it has waited for too long
    expire          system     cleared, unacknowledged      closed; never a latched one
    assign          operator   open                         somebody's, nothing else changes

A *latched* alert (Critical) stays on the list after it has cleared, until somebody resolves it. What is suppressed by
design is not put aside: people may shelve it or work on it. Anything that the table does not name is refused. What each
is called on a screen is in ``display_names``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Condition(StrEnum):
    ACTIVE = "active"
    CLEARED = "cleared"


class Suppression(StrEnum):
    NONE = "none"
    SHELVED = "shelved"
    BY_DESIGN = "by_design"
    OUT_OF_SERVICE = "out_of_service"


class DisplayState(StrEnum):
    """What an operator reads; the letters are the states of ISA-18.2."""

    UNACKNOWLEDGED = "unacknowledged"  # B
    ACKNOWLEDGED = "acknowledged"  # C
    CLEARED_UNACKNOWLEDGED = "cleared_unacknowledged"  # D
    CLEARED_LATCHED = "cleared_latched"  # D, acknowledged, resolution owed
    SHELVED = "shelved"  # E
    BY_DESIGN = "by_design"  # F
    OUT_OF_SERVICE = "out_of_service"  # G
    CLOSED = "closed"  # A


SUPPRESSED_STATES = {
    Suppression.SHELVED: DisplayState.SHELVED,
    Suppression.BY_DESIGN: DisplayState.BY_DESIGN,
    Suppression.OUT_OF_SERVICE: DisplayState.OUT_OF_SERVICE,
}


class Transition(StrEnum):
    RAISE = "raise"
    RECORD = "record"
    ESCALATE = "escalate"
    DE_ESCALATE = "ease"
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
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    RE_ALARM = "re_alarm"
    EXPIRE = "expire"
    ASSIGN = "assign"
    COMMENT = "comment"


SUPPRESSES = {
    Transition.SUSPEND: Suppression.OUT_OF_SERVICE,
    Transition.SHELVE: Suppression.SHELVED,
    Transition.SUPPRESS: Suppression.BY_DESIGN,
}


class Refused(Exception):
    """The table has no such transition from this state."""

    def __init__(self, transition: Transition, state: LifecycleState) -> None:
        super().__init__(f"{transition} is not possible: the alert is {state.display}")
        self.transition, self.state = transition, state


@dataclass(frozen=True, slots=True)
class LifecycleState:
    """The three dimensions of an alert and whether it is in the history."""

    condition: Condition = Condition.ACTIVE
    acknowledged: bool = False
    suppression: Suppression = Suppression.NONE
    closed: bool = False

    @property
    def display(self) -> DisplayState:
        if self.closed:
            return DisplayState.CLOSED
        if self.suppression is not Suppression.NONE:
            return SUPPRESSED_STATES[self.suppression]
        if self.condition is Condition.ACTIVE:
            return DisplayState.ACKNOWLEDGED if self.acknowledged else DisplayState.UNACKNOWLEDGED
        return DisplayState.CLEARED_LATCHED if self.acknowledged else DisplayState.CLEARED_UNACKNOWLEDGED

    @property
    def active(self) -> bool:
        return self.condition is Condition.ACTIVE


# What asks for somebody when it leads to an active alert that nobody has acknowledged and nothing suppresses. Handing
# an alert back (unacknowledge) is a word between operators and announces nothing.
ANNOUNCED = (
    Transition.RAISE,
    Transition.ESCALATE,
    Transition.RETURN,
    Transition.REOPEN,
    Transition.RESUME,
    Transition.UNSHELVE,
    Transition.UNSUPPRESS,
    Transition.RE_ALARM,
)


def announces(transition: Transition, state: LifecycleState) -> bool:
    """Whether a transition that led to this state is announced: heard, sent, counted in the rate of alarms."""
    return transition in ANNOUNCED and state.display is DisplayState.UNACKNOWLEDGED


def allowed(state: LifecycleState, transition: Transition) -> bool:
    """Whether the table has this transition from this state."""
    still_open = not state.closed
    not_put_aside = state.suppression in (Suppression.NONE, Suppression.BY_DESIGN)
    return {
        Transition.ESCALATE: still_open,
        Transition.DE_ESCALATE: still_open,
        Transition.CLEAR: state.active,
        Transition.RETURN: still_open and not state.active,
        Transition.ACKNOWLEDGE: still_open and not state.acknowledged,
        Transition.UNACKNOWLEDGE: state.acknowledged and (still_open or not state.active),
        Transition.RESOLVE: still_open,
        Transition.REOPEN: state.closed,
        Transition.SUPERSEDE: still_open and not state.active,
        Transition.WITHDRAW: still_open and not state.active,
        Transition.SUSPEND: still_open and not_put_aside,
        Transition.RESUME: still_open and state.suppression is Suppression.OUT_OF_SERVICE,
        Transition.SHELVE: still_open and not_put_aside,
        Transition.UNSHELVE: still_open and state.suppression is Suppression.SHELVED,
        Transition.SUPPRESS: still_open and state.suppression is Suppression.NONE,
        Transition.UNSUPPRESS: still_open and state.suppression is Suppression.BY_DESIGN,
        Transition.RE_ALARM: state.display is DisplayState.ACKNOWLEDGED,
        Transition.EXPIRE: state.display is DisplayState.CLEARED_UNACKNOWLEDGED,
        Transition.ASSIGN: still_open,
        Transition.COMMENT: True,
    }.get(transition, False)


def after(state: LifecycleState, transition: Transition, *, latched: bool) -> LifecycleState:
    """The state that a transition leads to.

    Raises:
        Refused: the table does not have this transition from this state.
    """
    if not allowed(state, transition) or (latched and transition is Transition.EXPIRE):
        raise Refused(transition, state)
    match transition:
        case Transition.ESCALATE | Transition.UNACKNOWLEDGE | Transition.RE_ALARM:
            return replace(state, acknowledged=False, closed=False)
        case Transition.CLEAR:
            return replace(
                state,
                condition=Condition.CLEARED,
                closed=state.closed or (state.acknowledged and not latched),
            )
        case Transition.RETURN:
            return replace(state, condition=Condition.ACTIVE, acknowledged=False)
        case Transition.ACKNOWLEDGE:
            return replace(state, acknowledged=True, closed=not state.active and not latched)
        case Transition.RESOLVE | Transition.SUPERSEDE | Transition.WITHDRAW | Transition.EXPIRE:
            return replace(state, closed=True, suppression=Suppression.NONE)
        case Transition.SUSPEND | Transition.SHELVE | Transition.SUPPRESS:
            return replace(state, suppression=SUPPRESSES[transition])
        case Transition.RESUME | Transition.UNSHELVE | Transition.UNSUPPRESS:
            return replace(state, suppression=Suppression.NONE, acknowledged=state.acknowledged and not state.active)
        case Transition.REOPEN:
            return LifecycleState(Condition.ACTIVE)
        case _:
            return state
