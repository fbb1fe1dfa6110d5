"""The life of a model through the pages and the API, with nothing replaced: real data and training."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from mlcore import network_training, services
from mlcore.models import Detection, Detector, DetectorEvent, Score
from mlcore.training import schedule
from substations.channels import CHANNEL_NAMES
from substations.models import Reading, Substation
from substations.simulation import Simulation
from substations.tests.readings_pages import text

from .grid import DAY, add, moment, stored, the_group

pytestmark = [pytest.mark.django_db, pytest.mark.tensorflow]
CODE = "SS-01"
CHANGED = ("reactive", "apparent", "power_factor", "current")


def page_of(client: Client, code: str = CODE) -> str:
    return text(client.get(reverse("mlcore:detail", args=[code])))


def versions(client: Client, code: str = CODE) -> list[dict[str, object]]:
    found = client.get(f"/api/detectors/?substation__code={code}").json()["results"]
    return sorted(found, key=lambda each: each["version"])


def active(code: str = CODE) -> Detector:
    return Detector.objects.active().get(substation__code=code)


def another_usual(substation: Substation, since: datetime) -> None:
    """From now on it draws more reactive power: a machine was installed, and its meter tells the truth."""
    rows = list(Reading.objects.for_substation(substation).filter(at__gte=since))
    for row in rows:
        active_kw, reactive_kvar, before = (
            row.active_power_kw or 0,
            row.reactive_power_kvar or 0,
            row.apparent_power_kva,
        )
        row.reactive_power_kvar = reactive_kvar + 0.6 * active_kw
        row.apparent_power_kva = math.hypot(active_kw, row.reactive_power_kvar)
        row.power_factor = active_kw / row.apparent_power_kva
        for name in ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a"):
            setattr(row, name, (getattr(row, name) or 0) * row.apparent_power_kva / (before or 1))
    Reading.objects.bulk_update(
        rows, [name for name in CHANNEL_NAMES if name.startswith(("react", "appar", "power", "curr"))]
    )


def test_from_limits_over_training_drift_and_roll_back_to_a_corrupt_artifact(
    made: Simulation, signed_in: Callable[[str], Client]
) -> None:
    stored(made, until_day=17)
    client = signed_in("engineer")
    assert "Fixed limits apply meanwhile" in page_of(client)

    # Trained, and judged by it.
    assert client.post(reverse("mlcore:train", args=[CODE])).status_code == 302
    assert "Training queued" in page_of(client)
    services.train_due()
    services.train_due()
    services.score_pending()
    first = active()
    assert (first.version, first.tier in ("own", "fleet")) == (1, True)
    assert first.get_tier_display() in page_of(client)
    assert Score.objects.filter(substation=first.substation, network_score__isnull=False).exists()

    # It drifts; that is noticed, and what is trained then is compared before it judges.
    for substation in Substation.objects.all():
        add(made, substation, 17, 20)
    installed = moment(made.spec.start_s + 17 * DAY)
    another_usual(first.substation, installed)
    services.score_pending()
    raised = Detection.objects.not_withdrawn().filter(substation=first.substation, start__gte=installed, kind="loss")
    assert raised.exists()
    group = the_group()
    assert first.substation_id not in schedule.drifted(group), "until somebody says so, it is a fault"
    services.learn_verdict(list(raised.values_list("pk", flat=True)), is_false=True)
    assert "Raised only above" in page_of(client)
    assert first.substation_id in schedule.drifted(group)
    assert set(schedule.due(group, look_for_drift=True)) == set(group.ids)
    services.train_due()
    second = Detector.objects.get(substation=first.substation, version=2)
    decision = DetectorEvent.objects.filter(detector=second).latest("pk").action
    assert decision == ("activated" if second.is_active else "kept_back")
    assert {"held_out_abnormal_share", "held_out_abnormal_share_before", "known_episodes"} <= second.metrics.keys()
    page = text(client.get(reverse("mlcore:compare", args=[CODE])))
    assert "Version 1" in page
    assert "Version 2" in page
    assert "Abnormal among normal holdout readings" in page

    # Forwards, back, pinned and unpinned: once through the page, once through the API.
    client.post(reverse("mlcore:activate", args=[second.pk]))
    assert active() == second
    limit = first.substation.raised_limits.get()
    client.post(reverse("mlcore:reset-limit", args=[limit.pk]))
    assert "Raised only above" not in page_of(client)
    assert client.post(f"/api/detectors/{first.pk}/activate/").json()["is_active"] is True
    client.post(reverse("mlcore:pin", args=[first.pk]), {"pinned": "1"})
    assert [each["is_pinned"] for each in versions(client)] == [True, False]
    assert "pinned" in page_of(client)
    assert client.post(f"/api/detectors/{first.pk}/unpin/").json()["is_pinned"] is False
    client.post(reverse("mlcore:activate", args=[second.pk]))

    # One artifact is corrupted, then both.
    Detector.objects.filter(pk=second.pk).update(arrays=bytes(second.arrays)[:-9] + b"corrupted")
    services.score_pending()
    assert active() == first
    assert "The checksum is" in page_of(client)
    Detector.objects.filter(pk=first.pk).update(sha256="0" * 64)
    add_again(made, first.substation)
    services.score_pending()
    assert "no older version is valid. Fixed limits apply meanwhile" in page_of(client)
    assert client.post(f"/api/detectors/{second.pk}/activate/").status_code == 409
    assert Score.objects.filter(substation__code="SS-03", score__isnull=False).exists(), "the others carry on"


def add_again(made: Simulation, substation: Substation) -> None:
    """The last readings arrive once more."""
    newest = Reading.objects.for_substation(substation).newest(1)[0].at
    Reading.objects.filter(substation=substation, at__gt=newest - timedelta(hours=6)).delete()
    add(made, substation, 20 - 6 / 24, 20)


def test_a_newcomer_to_a_trained_fleet_goes_from_limits_to_the_fleets_network(
    made: Simulation, signed_in: Callable[[str], Client]
) -> None:
    client = signed_in("viewer")
    stored(made)
    newcomer = Substation.objects.get(code="SS-04")
    Reading.objects.filter(substation=newcomer).delete()
    newcomer.pending_ranges.all().delete()
    services.train_due()
    services.score_pending()
    assert set(Detector.objects.active().values_list("substation__code", flat=True)) == {"SS-01", "SS-02", "SS-03"}

    add(made, newcomer, 12, 15)
    services.train_due()
    services.score_pending()
    assert "3.0 of 7 days of readings" in page_of(client, "SS-04")
    assert Score.objects.filter(substation=newcomer).exists()

    add(made, newcomer, 15, 20)
    services.train_due()
    services.score_pending()
    own = active("SS-04")
    assert (own.version, own.tier) == (1, "fleet")
    assert "shared fleet network" in page_of(client, "SS-04")
    assert Score.objects.filter(substation=newcomer, network_score__isnull=False).exists()
    assert Detector.objects.exclude(substation=newcomer).filter(version__gt=1).count() == 0, "the others keep theirs"


def judging_tier(client: Client, code: str) -> str:
    """The step that the page of a model marks as the one that judges."""
    (marked,) = re.findall(r'<li\s+aria-current="step"\s*>(.*?)</li>', page_of(client, code), re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", marked).split())


def test_a_newcomers_substation_walks_the_tiers_from_limits_over_the_supplied_network_to_one_that_was_trained(
    made: Simulation, signed_in: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("engineer")
    stored(made, until_day=5)
    services.train_due()
    assert judging_tier(client, CODE) == "Limits only"
    assert "5.0 of 7 days of readings received" in page_of(client)
    assert "It needs a model." in page_of(client), "nothing is known of what would be found"

    # Enough days, on a machine that cannot train networks: the one that comes with the product judges.
    for substation in Substation.objects.all():
        add(made, substation, 5, 17)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(network_training, "has_tensorflow", lambda: False)
        services.train_due()
    services.score_pending()
    assert active().tier == "backbone"
    assert judging_tier(client, CODE) == "Supplied network"
    assert "It uses the supplied network, adjusted to its normal days" in page_of(client)
    assert Score.objects.filter(substation__code=CODE, network_score__isnull=False).exists()
    assert "Choose “Work it out”" in page_of(client)

    # More days, and a machine that can: what is better on the days kept back is its own or the fleet's.
    for substation in Substation.objects.all():
        add(made, substation, 17, 20)
    client.post(reverse("mlcore:train", args=[CODE]))
    services.train_due()
    newest = Detector.objects.get(substation__code=CODE, version=2)
    assert newest.tier in ("fleet", "own")
    client.post(reverse("mlcore:activate", args=[newest.pk]))
    assert judging_tier(client, CODE) == newest.get_tier_display()
