"""A meter that reports garbage: said as such, in figures and sentences that are known, and stored like any other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db.models import F

from mlcore.models import Detection, Score
from mlcore.scoring.pending import score_pending
from substations.models import PendingRange, Reading, Substation
from substations.simulation import Simulation

from .grid import DAY, FAULTY, moment

pytestmark = pytest.mark.django_db

POWERS = ("active_power_kw", "reactive_power_kvar", "apparent_power_kva")
VOLTAGES = ("voltage_l12_v", "voltage_l23_v", "voltage_l31_v", "voltage_avg_v")
CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a", "current_avg_a")


def changed(names: tuple[str, ...], **how: Any) -> dict[str, Any]:
    factor = how.get("factor")
    return {name: F(name) * factor if factor else how["to"] for name in names}


GARBAGE: dict[str, tuple[dict[str, Any], str]] = {
    "kilowatts read as watts": (changed(POWERS, factor=1000.0), "impossible_value"),
    "minus 9999 for no value": (changed((*POWERS, *VOLTAGES, *CURRENTS), to=-9999.0), "impossible_value"),
    "65535 for no value": (changed(POWERS, to=65535.0), "impossible_value"),
    "voltages three times": (changed(VOLTAGES, factor=3.0), "impossible_value"),
    "active power beyond S, without U and I": (
        changed((*VOLTAGES, *CURRENTS), to=None) | {"active_power_kw": F("active_power_kw") * 1.6},
        "broken_triangle",
    ),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_said_and_keeps_no_neighbour_from_being_judged(grid: Simulation, name: str) -> None:
    values, cause = GARBAGE[name]
    since = moment(grid.spec.start_s + 10 * DAY)
    wrong = Reading.objects.filter(substation__code=FAULTY)
    wrong.update(oil_temperature_c=None)
    wrong.filter(at__gte=since).update(**values)
    score_pending()
    assert Score.objects.count() == Reading.objects.count()
    assert not PendingRange.objects.exists()
    found = Detection.objects.get(substation__code=FAULTY, cause=cause, start__gte=since)
    assert "nan" not in found.reason.lower()
    assert "NaN" not in json.dumps(found.evidence)
    assert set(Score.objects.filter(substation__code=FAULTY, at__gte=since).values_list("status", flat=True)) == {
        Score.Validity.BAD
    }
    assert Substation.objects.count() == 4
