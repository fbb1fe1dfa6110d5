"""What the states and transitions of ``lifecycle`` are called on a screen."""

from __future__ import annotations

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .lifecycle import Condition, DisplayState, Refused, Suppression, Transition

# Keys are plain text: migrations keep the stored values, not the names of the code.
CONDITIONS = {
    Condition.ACTIVE.value: _("Active"),
    Condition.CLEARED.value: _("Cleared"),
}
SUPPRESSIONS = {
    Suppression.NONE.value: _("None"),
    Suppression.SHELVED.value: _("Shelved"),
    Suppression.BY_DESIGN.value: _("Suppressed by design"),
    Suppression.OUT_OF_SERVICE.value: _("Out of service"),
}
DISPLAY_STATES = {
    DisplayState.UNACKNOWLEDGED: _("Active"),
    DisplayState.ACKNOWLEDGED: _("Acknowledged"),
    DisplayState.CLEARED_UNACKNOWLEDGED: _("Cleared, needs acknowledging"),
    DisplayState.CLEARED_LATCHED: _("Cleared, needs resolving"),
    DisplayState.SHELVED: _("Shelved"),
    DisplayState.BY_DESIGN: _("Suppressed by design"),
    DisplayState.OUT_OF_SERVICE: _("Out of service"),
    DisplayState.CLOSED: _("Closed"),
}
LAST_KNOWN = {
    DisplayState.UNACKNOWLEDGED: _("Last known"),
    DisplayState.ACKNOWLEDGED: _("Acknowledged, last known"),
}
"""Of active alerts whose substation does not report any more."""
TRANSITIONS = {
    Transition.RAISE.value: _("Raised"),
    Transition.RECORD.value: _("Retrospective"),
    Transition.ESCALATE.value: _("Severity rose"),
    Transition.DE_ESCALATE.value: _("Severity fell"),
    Transition.CLEAR.value: _("Cleared"),
    Transition.RETURN.value: _("Returned"),
    Transition.ACKNOWLEDGE.value: _("Acknowledged"),
    Transition.UNACKNOWLEDGE.value: _("Unacknowledged"),
    Transition.RESOLVE.value: _("Resolved"),
    Transition.REOPEN.value: _("Still present, reopened"),
    Transition.SUPERSEDE.value: _("Superseded"),
    Transition.WITHDRAW.value: _("Withdrawn"),
    Transition.SUSPEND.value: _("Out of service for planned work"),
    Transition.RESUME.value: _("Planned work has ended"),
    Transition.SHELVE.value: _("Shelved"),
    Transition.UNSHELVE.value: _("Unshelved"),
    Transition.SUPPRESS.value: _("Suppressed by design"),
    Transition.UNSUPPRESS.value: _("No longer suppressed"),
    Transition.RE_ALARM.value: _("Raised again"),
    Transition.EXPIRE.value: _("Closed after a time"),
    Transition.ASSIGN.value: _("Assigned"),
    Transition.COMMENT.value: _("Comment"),
}


def explain(error: Exception) -> str:
    """The sentence that says why a change was not made."""
    if not isinstance(error, Refused):
        return str(error)
    return _now("“%(move)s” is not possible: the alert is “%(word)s”.") % {
        "move": TRANSITIONS[error.transition],
        "word": DISPLAY_STATES[error.state.display],
    }
