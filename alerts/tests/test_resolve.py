"""Resolving: the form, the look afterwards, and what is learned from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from alerts import services
from alerts.changes import Conflict
from alerts.models import Alert, AlertEvent, Resolution
from mlcore.explanations import checks_of
from mlcore.models import Cause, Detection

from .alert_scenes import CRITICAL, FINDINGS, Cast, actions, cleared, fresh, raised, resolved, reviewed, revised
from .page_checks import SignIn, assert_guarded, text

pytestmark = pytest.mark.django_db


def url(alert: Alert) -> str:
    return f"/alerts/{alert.pk}/resolve/"


def let_the_window_pass() -> int:
    Alert.objects.filter(verify_at__isnull=False).update(verify_at=timezone.now() - timedelta(seconds=1))
    return services.verify_due()


def test_it_is_closed_with_what_was_found(person: Cast) -> None:
    user = person("operator")
    alert = resolved(cleared(raised()), user)
    assert (alert.closure, alert.state, alert.verify_at) == (Alert.Closure.RESOLVED, "closed", None)
    resolution = Resolution.objects.get()
    assert {name: getattr(resolution, name) for name in FINDINGS} == FINDINGS
    assert (resolution.resolved_by, resolution.while_active) == (user, False)
    assert AlertEvent.objects.get(action="resolve").comment == FINDINGS["root_cause"]


def test_one_whose_cause_is_still_there_is_looked_at_again(person: Cast) -> None:
    alert = resolved(raised(), person("operator"))
    assert (alert.closed_at is not None, Resolution.objects.get().while_active) == (True, True)
    assert alert.verify_at == alert.closed_at + timedelta(minutes=30)  # type: ignore[operator]  # it is closed
    assert services.verify_due() == 0, "the window is not over yet"


def test_it_opens_again_if_it_is_still_there_then(person: Cast) -> None:
    user = person("operator")
    alert = resolved(services.acknowledge(raised(), by=user), user)
    assert let_the_window_pass() == 1
    alert = fresh(alert)
    assert (alert.state, alert.closure, alert.reopen_count, alert.verify_at) == ("unacknowledged", "", 1, None)
    assert alert.acknowledged_by is None
    assert "Still present 30 min after operator-user resolved it." in AlertEvent.objects.get(action="reopen").comment
    assert Resolution.objects.count() == 1, "the earlier resolution is kept"
    assert services.verify_due() == 0


def test_reopened_it_says_what_the_readings_said_meanwhile(person: Cast) -> None:
    alert = resolved(raised(), person("operator"))
    reviewed(revised(alert.detection, severity=CRITICAL, loss_kwh=77.0))
    assert fresh(alert).loss_kwh == 12.5
    let_the_window_pass()
    assert (fresh(alert).severity_now, fresh(alert).loss_kwh) == (CRITICAL, 77.0)


def test_it_stays_closed_if_it_has_gone_by_then(person: Cast) -> None:
    alert = cleared(resolved(raised(), person("operator")))
    assert let_the_window_pass() == 0
    assert (fresh(alert).closure, fresh(alert).verify_at) == (Alert.Closure.RESOLVED, None)


def test_it_stays_closed_if_another_alert_of_its_kind_is_open(person: Cast) -> None:
    alert = resolved(raised(), person("operator"))
    raised(cause="overload", start=alert.raised_at + timedelta(hours=1))
    assert let_the_window_pass() == 0
    assert fresh(alert).closed_at


def test_a_false_alarm_is_not_looked_at_again_and_teaches_what_is_normal(person: Cast) -> None:
    alert = resolved(raised(), person("operator"), outcome="false_alarm")
    assert alert.verify_at is None
    assert Detection.objects.get().verdict == Detection.Verdict.FALSE_ALARM


@pytest.mark.parametrize(
    ("kind", "findings", "verdict"),
    [
        ("loss", {}, "confirmed"),
        ("loss", {"outcome": "false_alarm"}, "false_alarm"),
        ("loss", {"classification": "sensor_fault"}, "false_alarm"),
        ("loss", {"classification": "ct_error"}, "false_alarm"),
        ("meter", {"classification": "ct_error"}, "confirmed"),
        ("meter", {"classification": "sensor_fault"}, "confirmed"),
        ("meter", {"classification": "ct_error", "outcome": "false_alarm"}, "false_alarm"),
        ("loss", {"classification": "other"}, "confirmed"),
    ],
)
def test_the_verdict_follows_from_what_was_found(
    person: Cast, kind: str, findings: dict[str, str], verdict: str
) -> None:
    resolved(raised(kind=kind), person("operator"), **findings)
    assert Detection.objects.get().verdict == verdict


def test_a_copy_that_is_out_of_date_leaves_no_resolution_and_no_verdict(person: Cast) -> None:
    user, alert = person("operator"), raised()
    services.acknowledge(fresh(alert), by=user)
    with pytest.raises(Conflict):
        services.resolve(alert, by=user, findings=FINDINGS)
    assert not Resolution.objects.exists()
    assert Detection.objects.get().verdict == ""


# The page


def test_only_operators_may(signed_in: SignIn) -> None:
    alert = raised()
    assert_guarded(signed_in, "get", url(alert), refused=("outsider", "viewer"))
    for role in ("outsider", "viewer"):
        assert Alert.objects.unresolved().count() == 1, role
    assert signed_in("operator").put(url(alert)).status_code == 405


def test_a_viewer_cannot_post_it_either(signed_in: SignIn) -> None:
    alert = raised()
    assert signed_in("viewer").post(url(alert), FINDINGS).status_code == 403
    assert fresh(alert).closed_at is None


def test_the_form_warns_while_the_cause_is_present(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), raised()
    assert "still present in the readings" in text(client.get(url(alert)))
    cleared(alert)
    assert "still present in the readings" not in text(client.get(url(alert)))


@pytest.mark.parametrize("missing", ["classification", "corrective_action", "outcome"])
def test_what_is_missing_is_named(signed_in: SignIn, missing: str) -> None:
    alert = raised()
    answer = signed_in("operator").post(url(alert), FINDINGS | {missing: ""})
    assert (answer.status_code, fresh(alert).closed_at) == (422, None)
    assert "This field is required." in text(answer)


def test_it_returns_to_the_alert_which_shows_the_resolution(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), raised()
    answer = client.post(url(alert), FINDINGS | {"version": alert.version}, follow=True)
    assert answer.redirect_chain == [(f"/alerts/{alert.pk}/", 302)]
    assert "Fuse of step 3 blown" in text(answer)


def test_a_second_time_is_a_conflict(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), raised()
    client.post(url(alert), FINDINGS)
    assert client.post(url(alert), FINDINGS).status_code == 409
    assert client.get(url(alert)).status_code == 409
    assert actions(alert) == ["raise", "resolve"]


def test_a_stale_form_keeps_what_was_written_and_can_be_sent_again(signed_in: SignIn, person: Cast) -> None:
    client, alert = signed_in("operator"), raised()
    services.acknowledge(fresh(alert), by=person("engineer"))
    answer = client.post(url(alert), FINDINGS | {"version": alert.version})
    assert (answer.status_code, fresh(alert).closed_at) == (409, None)
    page = text(answer)
    assert FINDINGS["root_cause"] in page
    assert f'name="version" value="{fresh(alert).version}"' in page
    assert client.post(url(alert), FINDINGS | {"version": fresh(alert).version}).status_code == 302


def test_cause_and_first_step_of_the_advice_are_preselected_and_the_outcome_of_what_has_cleared(
    signed_in: SignIn,
) -> None:
    client, alert = signed_in("operator"), raised()
    form = client.get(url(alert)).context["form"]
    assert form["classification"].value() == "capacitor_failure"
    assert form["checks"].value() == [str(checks_of("capacitor_failure")[0])]
    assert form["outcome"].value() is None
    cleared(alert)
    assert client.get(url(alert)).context["form"]["outcome"].value() == "fully_resolved"


def test_one_text_is_enough_and_the_ticked_steps_are_kept(signed_in: SignIn) -> None:
    client, alert = signed_in("operator"), raised()
    steps = [str(step) for step in checks_of("capacitor_failure")]
    answer = client.post(
        url(alert),
        {"classification": "overload", "outcome": "temporary_fix", "corrective_action": "Moved", "checks": steps[:2]},
    )
    assert answer.status_code == 302
    assert Resolution.objects.get().checks == "\n".join(steps[:2])
    page = text(client.get(alert.get_absolute_url()))
    assert "Moved" in page
    assert steps[1] in page
    assert AlertEvent.objects.get(action="resolve").comment == "Moved"


def test_the_causes_are_those_of_the_detector_and_a_false_alarm_is_one_answer(signed_in: SignIn) -> None:
    form = signed_in("operator").get(url(raised())).context["form"]
    values = {value for value, _label in form.fields["classification"].choices if value}
    assert values == {*Cause.values, "sensor_fault", "other"}
    answers = [value for name in ("classification", "outcome") for value, _label in form.fields[name].choices]
    assert [each for each in answers if "false" in each] == ["false_alarm"]


@pytest.mark.parametrize("path", ["/alerts/{}/resolve/", "/api/alerts/{}/resolve/"])
def test_a_cause_that_the_detector_does_not_know_is_refused(signed_in: SignIn, path: str) -> None:
    alert = raised()
    answer = signed_in("operator").post(path.format(alert.pk), FINDINGS | {"classification": "false_positive"})
    assert answer.status_code in (400, 422)
    assert fresh(alert).closed_at is None
