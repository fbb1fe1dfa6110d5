"""Findings in words: every cause and every figure, in every language, never a number that is none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from mlcore.diagnosis.meter_findings import CAUSES
from mlcore.explanations import (
    CAUSE_TABLE,
    PAGE,
    PLAIN,
    Wording,
    assumptions_in_words,
    english,
    entry_of,
    evidence_in_words,
    explain,
    said_by,
    speaks_against,
)  # fmt: skip
from mlcore.explanations.limit_sentences import LIMITS
from mlcore.explanations.loss_sentences import EXPECTED, UNITS
from mlcore.explanations.meter_sentences import CURRENTS, METER_SENTENCES, VOLTAGES
from mlcore.models import Cause

LOSSES = [cause for cause, entry in CAUSE_TABLE.items() if entry.in_sentence]
CODES = [*LOSSES, "unusual_behaviour", *METER_SENTENCES, *LIMITS]
FIGURES = [
    *UNITS, *(f"{name}{EXPECTED}" for name in UNITS), *CURRENTS, *VOLTAGES, "power_factor", "power_factor_expected",
    "apparent_power_kva", "reactive_from_apparent_kvar", "current_ratio", "thd_current_median", "voltage_pu",
    "dead_phase_number", "dead_share_pct", "kvar_per_kw_in_steps", "hours", "loss_kwh", "extra_loss_pct",
    "critical_from_kwh", "is_too_small", "is_open", "measured", "limit",
]  # fmt: skip
NO_NUMBER = re.compile(r"nan|inf\b|None|e-\d|[-−]0(?![.,\d])|[-−]0[.,]0+(?!\d)", re.IGNORECASE)
EDGES = [
    0.0, -0.0, 3.2e-16, -3e-16, 1e-320, 1e-8, -4.2e-7, 4.2e-5, -9e-5, 3e-4, 0.004, -0.04, 0.04, 0.5, -0.5,
    1e308, -1e308, -0.49, -123.456, 999.6, float("nan"), float("inf"), float("-inf"),
]  # fmt: skip


def assert_readable(text: str) -> None:
    assert not NO_NUMBER.search(text), text
    assert "%(" not in text
    assert "  " not in text
    assert text.endswith(".")


def test_every_cause_is_in_the_table_and_every_flag_has_a_sentence() -> None:
    assert set(CAUSE_TABLE) == set(Cause.values)
    assert set(METER_SENTENCES) == set(CAUSES)
    assert all(entry.checks for entry in CAUSE_TABLE.values())
    assert all(entry_of(cause).speaks_against and entry_of(cause).first_check for cause in LOSSES)
    assert {entry_of(cause).quantity for cause in LOSSES} == set(UNITS)


@pytest.mark.parametrize("wording", [PLAIN, PAGE], ids=["plain", "page"])
@pytest.mark.parametrize("code", CODES)
def test_edge_values_are_written_as_numbers_or_left_out(code: str, wording: Wording) -> None:
    assert_readable(explain(code, {}, wording))
    assert_readable(explain(code, dict.fromkeys(FIGURES), wording))
    for value in EDGES:
        assert_readable(explain(code, dict.fromkeys(FIGURES, value), wording))
        for name in FIGURES:
            others = dict.fromkeys(FIGURES, 50.0)
            assert_readable(explain(code, others | {name: value}, wording))
            assert_readable(explain(code, others | {name: None}, wording))


@pytest.mark.parametrize("code", CODES)
def test_every_sentence_is_translated_as_a_whole(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", lambda self, message: f"⟦{message}⟧")
    rest = explain(code, dict.fromkeys(FIGURES, 50.0) | {"current_ratio": 1.0})
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "", rest)) != rest:
        rest = shorter
    assert rest.strip() == ""
    assert "⟦" not in english(code, dict.fromkeys(FIGURES, 50.0)), "what is stored is the same for everybody"


def test_a_page_writes_numbers_as_its_language_does_and_programs_always_alike() -> None:
    figures = {"voltage_v": 11_612.5, "voltage_v_expected": 11_000.0, "hours": 3.0}
    with translation.override("de"):
        assert "11.612 V" in explain("tap_voltage", figures, PAGE)
        assert "11612 V" in explain("tap_voltage", figures)


def test_the_sentence_of_a_lost_bank() -> None:
    figures = {
        "reactive_power_kvar": 181.4, "reactive_power_kvar_expected": 84.96, "active_power_kw": 240.2,
        "power_factor": 0.798, "power_factor_expected": 0.943, "hours": 26.0, "is_open": True, "is_too_small": True,
        "loss_kwh": 1.31, "extra_loss_pct": 16.2, "critical_from_kwh": 3.765,
    }  # fmt: skip
    assert english("capacitor_failure", figures) == (
        "Reactive power 181 kvar against 85 kvar expected at 240 kW (power factor 0.80 instead of 0.94), "
        "for 26 h so far; "
        "the extra kvar do not follow steps of kW: capacitor failure. Check the capacitor bank's fuses, contactors and "
        "controller. Not critical: 1.3 kWh is 16 % more loss, but below the 3.8 kWh that are worth a visit here."
    )


def test_an_older_row_says_what_was_stored_with_it() -> None:
    figures: dict[str, Any] = {"mean_growth_pu": 0.1}  # of a version that stored its sentence
    assert said_by({"figures": figures}, "as it was") == "as it was"
    assert said_by({}, "as it was") == "as it was"
    assert said_by({"code": "nobody knows", "figures": {}}, "as it was") == "as it was"
    assert said_by({"code": "temperature_sensor", "figures": {"oil_temperature_c": 150.0}}, "x").startswith("Check the")


def test_evidence_of_both_kinds_reads_alike() -> None:
    old = {"falsified_by": "Not it if …", "assumptions": ["Typical values for rated_kva: the loss is an interval."]}
    new = {"code": "overload", "assumed": ["no_distortion"], "typical_values": ["rated_kva"]}
    assert assumptions_in_words(old) == old["assumptions"]
    assert assumptions_in_words(new) == [*old["assumptions"], "No harmonic distortion measured: taken as none."]
    assert speaks_against(old, "overload") == "Not it if …"
    assert speaks_against(new, "overload").startswith("Not an overload if")
    assert evidence_in_words(old, "overload") == old
    assert evidence_in_words(new, "overload")["falsified_by"].startswith("Not an overload if")
