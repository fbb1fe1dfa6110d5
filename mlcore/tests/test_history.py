"""What is remembered of earlier steps: asked for by name, once each time, and taken back when readings come late."""

from __future__ import annotations

import numpy as np
import pytest

from mlcore.diagnosis.history import NO_PAST, WHOLE_RECORD, HistoryError, HistoryStore

RECORD = np.arange(10.0)[None]


def passed(store: HistoryStore, part: np.ndarray, reach: int = 3) -> tuple[np.ndarray, int]:
    with store.advancing(part.shape[-1]) as history:
        return history.of("load").before(part, reach)


def test_a_whole_record_has_no_past() -> None:
    values, earlier = WHOLE_RECORD.of("load").before(RECORD, 3)
    assert values is RECORD
    assert earlier == 0
    np.testing.assert_array_equal(NO_PAST.last(RECORD, 7.0), [[7.0]])


def test_new_steps_come_behind_as_many_earlier_ones_as_the_window_reaches_back() -> None:
    store = HistoryStore()
    assert passed(store, RECORD[:, :5])[1] == 0
    values, earlier = passed(store, RECORD[:, 5:7])
    np.testing.assert_array_equal(values, [[2.0, 3.0, 4.0, 5.0, 6.0]])
    assert earlier == 3


def test_nothing_is_kept_of_a_quantity_that_does_not_look_back() -> None:
    store = HistoryStore()
    for part in (RECORD[:, :5], RECORD[:, 5:]):
        assert passed(store, part, reach=0)[1] == 0
    assert store.bytes == 0


def test_only_what_the_windows_and_late_readings_need_is_kept() -> None:
    store = HistoryStore(spare_steps=2)
    passed(store, RECORD)
    assert store.bytes == (3 + 2) * RECORD.itemsize


def test_steps_are_taken_back_and_judged_again() -> None:
    store = HistoryStore(spare_steps=2)
    passed(store, RECORD[:, :6])
    store.rewind(2)
    assert (store.seen_steps, store.rewindable_steps) == (4, 0)
    values, _earlier = passed(store, RECORD[:, 4:8])
    np.testing.assert_array_equal(values, [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]])


@pytest.mark.parametrize("steps", [3, -1])
def test_no_more_steps_are_taken_back_than_are_spare(steps: int) -> None:
    store = HistoryStore(spare_steps=2)
    passed(store, RECORD[:, :6])
    with pytest.raises(HistoryError, match=f"At most 2 steps can be taken back; asked for {steps}"):
        store.rewind(steps)


def test_what_was_not_judged_yet_cannot_be_taken_back() -> None:
    store = HistoryStore(spare_steps=5)
    passed(store, RECORD[:, :1])
    assert store.rewindable_steps == 1


def test_a_negative_number_of_spare_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more; received -1"):
        HistoryStore(-1)


def test_two_quantities_of_one_name_are_noticed() -> None:
    with HistoryStore().advancing(10) as history:
        history.of("load").before(RECORD, 3)
        with pytest.raises(HistoryError, match="two quantities have one name"):
            history.of("load").before(RECORD, 3)


def test_parts_of_the_code_may_use_the_same_name_within_their_own() -> None:
    with HistoryStore().advancing(10) as history:
        history.within("scores").of("load").before(RECORD, 3)
        history.within("flags").of("load").before(RECORD, 3)


def test_a_quantity_that_is_forgotten_once_is_noticed() -> None:
    store = HistoryStore()
    passed(store, RECORD[:, :5])
    with pytest.raises(HistoryError, match=r"\['load'\] was not asked for"), store.advancing(2):
        pass


def test_a_quantity_that_was_not_there_before_is_noticed() -> None:
    store = HistoryStore()
    with store.advancing(2):
        pass
    with pytest.raises(HistoryError, match="it was not, the time before"):
        passed(store, RECORD)


def test_another_number_of_substations_is_noticed() -> None:
    store = HistoryStore()
    passed(store, RECORD[:, :5])
    with pytest.raises(HistoryError, match="has the shape"):
        passed(store, np.zeros((2, 3)))


def test_a_quantity_that_goes_on_from_its_last_value() -> None:
    store, seen = HistoryStore(), []
    for part in (RECORD[:, :4], RECORD[:, 4:]):
        with store.advancing(part.shape[-1]) as history:
            total = history.of("total")
            seen.append(total.keep(np.cumsum(part, axis=-1) + total.last(part, 0.0)))
    np.testing.assert_array_equal(np.concatenate(seen, axis=-1), np.cumsum(RECORD, axis=-1))
