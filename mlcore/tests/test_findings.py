"""A figure of a finding is a number or not known."""

from __future__ import annotations

import json
import math

import pytest

from mlcore.diagnosis.findings import Finding, finite


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_know_is_none(value: float) -> None:
    assert finite(value) is None


@pytest.mark.parametrize("value", [0.0, -1.5, 1e300])
def test_a_number_stays(value: float) -> None:
    assert finite(value) == value


def test_a_finding_has_figures_of_its_own() -> None:
    values = {
        "substation": "A", "kind": "meter", "cause": "ct_error", "start_s": 0, "end_s": None, "peak_s": 0,
        "severity": "warning", "loss_kwh": 0.0, "loss_low_kwh": 0.0, "loss_high_kwh": 0.0, "loss_pct": 0.0,
        "score": 1.0, "confidence": 0.5, "code": "ct_error", "onset_s": 0,
    }  # fmt: skip
    first, second = Finding(**values), Finding(**values)  # type: ignore[arg-type]  # a dictionary of mixed values
    assert first.evidence is not second.evidence
    assert json.dumps([first.figures, first.evidence]) == "[{}, {}]"
