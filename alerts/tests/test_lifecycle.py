"""The table of transitions; any order of them against the database is ``test_any_order``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts import display_names, lifecycle
from alerts.lifecycle import Condition, DisplayState, LifecycleState, Refused, Suppression, Transition
from alerts.models import AlertEvent

NEW = LifecycleState()
ACKED = LifecycleState(acknowledged=True)
GONE = LifecycleState(Condition.CLEARED)
LATCHED = LifecycleState(Condition.CLEARED, acknowledged=True)
CLOSED = LifecycleState(Condition.CLEARED, acknowledged=True, closed=True)
CLOSED_ACTIVE = LifecycleState(Condition.ACTIVE, closed=True)
REOPENED = LifecycleState(Condition.ACTIVE)
SHELVED = LifecycleState(suppression=Suppression.SHELVED)
AT_WORK = LifecycleState(acknowledged=True, suppression=Suppression.OUT_OF_SERVICE)

VERBS = ["acknowledge", "unacknowledge", "resolve", "comment", "shelve", "unshelve"]

TABLE = [
    # transition, from, to where it is latched, to where it is not
    (Transition.ESCALATE, NEW, NEW, NEW),
    (Transition.ESCALATE, ACKED, NEW, NEW),
    (Transition.ESCALATE, LATCHED, GONE, GONE),
    (Transition.DE_ESCALATE, NEW, NEW, NEW),
    (Transition.DE_ESCALATE, ACKED, ACKED, ACKED),
    (Transition.CLEAR, NEW, GONE, GONE),
    (Transition.CLEAR, ACKED, LATCHED, CLOSED),
    (
        Transition.CLEAR,
        CLOSED_ACTIVE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (Transition.RETURN, GONE, NEW, NEW),
    (Transition.RETURN, LATCHED, NEW, NEW),
    (Transition.ACKNOWLEDGE, NEW, ACKED, ACKED),
    (Transition.ACKNOWLEDGE, GONE, LATCHED, CLOSED),
    (Transition.UNACKNOWLEDGE, ACKED, NEW, NEW),
    (Transition.UNACKNOWLEDGE, LATCHED, GONE, GONE),
    (Transition.RESOLVE, NEW, CLOSED_ACTIVE, CLOSED_ACTIVE),
    (Transition.RESOLVE, LATCHED, CLOSED, CLOSED),
    (Transition.REOPEN, CLOSED, REOPENED, REOPENED),
    (Transition.REOPEN, CLOSED_ACTIVE, REOPENED, REOPENED),
    (
        Transition.SUPERSEDE,
        GONE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (
        Transition.WITHDRAW,
        GONE,
        LifecycleState(Condition.CLEARED, closed=True),
        LifecycleState(Condition.CLEARED, closed=True),
    ),
    (Transition.SUSPEND, ACKED, AT_WORK, AT_WORK),
    (Transition.RESUME, AT_WORK, NEW, NEW),
    (Transition.RESUME, replace(AT_WORK, condition=Condition.CLEARED), LATCHED, LATCHED),
    (Transition.SHELVE, NEW, SHELVED, SHELVED),
    (
        Transition.SHELVE,
        GONE,
        replace(SHELVED, condition=Condition.CLEARED),
        replace(SHELVED, condition=Condition.CLEARED),
    ),
    (Transition.UNSHELVE, SHELVED, NEW, NEW),
    (Transition.UNSHELVE, replace(SHELVED, acknowledged=True), NEW, NEW),
    (Transition.COMMENT, NEW, NEW, NEW),
    (Transition.COMMENT, CLOSED, CLOSED, CLOSED),
]
REFUSED = [
    *(
        (transition, CLOSED)
        for transition in (
            Transition.ESCALATE,
            Transition.DE_ESCALATE,
            Transition.CLEAR,
            Transition.RETURN,
            Transition.ACKNOWLEDGE,
        )
    ),
    *((transition, CLOSED) for transition in (Transition.RESOLVE, Transition.SUPERSEDE)),
    (Transition.UNACKNOWLEDGE, CLOSED_ACTIVE),
    (Transition.CLEAR, GONE),
    (Transition.RETURN, NEW),
    (Transition.RETURN, CLOSED_ACTIVE),
    (Transition.ACKNOWLEDGE, ACKED),
    (Transition.UNACKNOWLEDGE, NEW),
    (Transition.REOPEN, NEW),
    (Transition.SUPERSEDE, ACKED),
    (Transition.WITHDRAW, NEW),
    (Transition.SUSPEND, AT_WORK),
    (Transition.RESUME, NEW),
    (Transition.SHELVE, SHELVED),
    (Transition.SHELVE, AT_WORK),
    (Transition.SHELVE, CLOSED),
    (Transition.UNSHELVE, NEW),
    (Transition.UNSHELVE, AT_WORK),
    (Transition.SUSPEND, SHELVED),
    (Transition.RAISE, NEW),
    (Transition.RECORD, NEW),
]


@pytest.mark.parametrize(("transition", "before", "latched", "free"), TABLE)
def test_each_transition_of_the_table_leads_where_it_says(
    transition: Transition, before: LifecycleState, latched: LifecycleState, free: LifecycleState
) -> None:
    assert lifecycle.after(before, transition, latched=True) == latched
    assert lifecycle.after(before, transition, latched=False) == free


@pytest.mark.parametrize(("transition", "before"), REFUSED)
def test_what_the_table_does_not_name_is_refused(transition: Transition, before: LifecycleState) -> None:
    with pytest.raises(Refused) as refused:
        lifecycle.after(before, transition, latched=False)
    assert str(display_names.DISPLAY_STATES[before.display]) in display_names.explain(refused.value)


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (NEW, DisplayState.UNACKNOWLEDGED),
        (ACKED, DisplayState.ACKNOWLEDGED),
        (GONE, DisplayState.CLEARED_UNACKNOWLEDGED),
        (LATCHED, DisplayState.CLEARED_LATCHED),
        (CLOSED, DisplayState.CLOSED),
        (LifecycleState(suppression=Suppression.SHELVED), DisplayState.SHELVED),
        (LifecycleState(suppression=Suppression.BY_DESIGN), DisplayState.BY_DESIGN),
        (LifecycleState(suppression=Suppression.OUT_OF_SERVICE, acknowledged=True), DisplayState.OUT_OF_SERVICE),
        (LifecycleState(suppression=Suppression.SHELVED, closed=True), DisplayState.CLOSED),
    ],
)
def test_the_three_dimensions_give_one_display_state(state: LifecycleState, shown: DisplayState) -> None:
    assert state.display is shown
    assert display_names.DISPLAY_STATES[shown]


def test_suppression_is_kept_by_moves_of_the_data() -> None:
    shelved = LifecycleState(suppression=Suppression.SHELVED)
    assert lifecycle.after(shelved, Transition.CLEAR, latched=True).suppression is Suppression.SHELVED


def test_every_move_has_a_word_and_every_action_fits_its_column() -> None:
    longest = AlertEvent._meta.get_field("action").max_length or 0
    assert set(display_names.TRANSITIONS) == set(Transition)
    assert max(len(transition) for transition in Transition) <= longest
