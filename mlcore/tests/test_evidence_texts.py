"""The codes of stored evidence in words, of rows of this version and of older ones."""

from __future__ import annotations

import pytest

from mlcore.explanations.cause_table import CAUSE_TABLE, entry_of
from mlcore.explanations.evidence_texts import ASSUMED, assumptions_in_words, evidence_in_words, speaks_against


@pytest.mark.parametrize("code", sorted(ASSUMED))
def test_every_assumption_is_a_sentence(code: str) -> None:
    (sentence,) = assumptions_in_words({"assumed": [code]})
    assert sentence.endswith(".")


def test_an_assumption_of_a_later_version_is_left_out() -> None:
    assert assumptions_in_words({"assumed": ["of_tomorrow", "few_neighbours"]}) == [str(ASSUMED["few_neighbours"])]


def test_typical_values_are_named_and_come_first() -> None:
    said = assumptions_in_words({"assumed": ["no_distortion"], "typical_values": ["load_loss_w", "rated_kva"]})
    assert said[0] == "Typical values for load_loss_w, rated_kva: the loss is an interval."
    assert len(said) == 2


@pytest.mark.parametrize("stored", [{}, {"assumptions": None}, {"assumed": []}])
def test_where_nothing_was_assumed_nothing_is_said(stored: dict[str, object]) -> None:
    assert assumptions_in_words(stored) == []


@pytest.mark.parametrize("cause", sorted(cause for cause in CAUSE_TABLE if entry_of(cause).speaks_against))
def test_each_cause_of_a_loss_says_what_would_speak_against_it(cause: str) -> None:
    assert speaks_against({"code": cause}, cause).startswith("Not ")


def test_of_a_fixed_limit_nothing_speaks_against_the_cause() -> None:
    assert speaks_against({"code": "limit_power_factor"}, "capacitor_failure") == ""


def test_what_was_stored_as_a_sentence_stays_that_sentence() -> None:
    assert speaks_against({"falsified_by": "Not it.", "code": "overload"}, "overload") == "Not it."


def test_older_evidence_is_given_as_it_is() -> None:
    old = {"at_peak": {}, "assumptions": ["one"]}
    assert evidence_in_words(old, "overload") == old


def test_evidence_of_this_version_is_given_with_its_texts_and_nothing_of_it_is_lost() -> None:
    stored = {"code": "overload", "assumed": ["no_distortion"], "contributions": {"overload": 1.0}}
    given = evidence_in_words(stored, "overload")
    assert stored.items() <= given.items()
    assert set(given) - set(stored) == {"falsified_by", "assumptions"}


def test_evidence_of_a_meter_has_no_assumptions_and_nothing_against_it() -> None:
    stored = {"code": "ct_error", "gate": "ct_error"}
    assert evidence_in_words(stored, "ct_error") == stored
