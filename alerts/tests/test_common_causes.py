"""Which alerts the topology explains: each rule, what it does not explain, and that order does not matter."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.common_causes import Explanation, FeederNetwork, Raised, Reason, explain

from .alert_scenes import START

MINUTE = timedelta(minutes=1)
# Grid → 1 → 2 → 3, 1 → 4 → 5; 6 is fed by 1 and by the grid; 7 and 8 are fed by each other.
FED: dict[int, set[int | None]] = {1: {None}, 2: {1}, 3: {2}, 4: {1}, 5: {4}, 6: {1, None}, 7: {8}, 8: {7}}
NETWORK = FeederNetwork({key: frozenset(value) for key, value in FED.items()}, frozenset({9}))


def silent(pk: int | None, substation: int, severity: int = 10, minutes: int = 0, active: bool = True) -> Raised:
    return Raised(pk, substation, "data_missing", "data_missing", severity, START + minutes * MINUTE, active)


def failed(pk: int | None, substation: int, severity: int = 10, minutes: int = 0, active: bool = True) -> Raised:
    return Raised(pk, substation, "loss", "capacitor_failure", severity, START + minutes * MINUTE, active)


def explained(*alerts: Raised, network: FeederNetwork = NETWORK) -> dict[int, int | None]:
    found = explain(alerts, network, size=3, within=15 * MINUTE)
    return {key: each.by for key, each in found.items()}


def test_an_outage_explains_everything_behind_it_by_its_topmost_alert() -> None:
    assert explained(silent(1, 1), silent(2, 2), silent(3, 3), silent(5, 5)) == {2: 1, 3: 1}  # 4 still reports


def test_an_outage_is_none_while_another_supply_is_there() -> None:
    assert explained(silent(1, 1), silent(6, 6)) == {}


def test_an_upstream_alert_explains_only_what_travels_down() -> None:
    assert explained(failed(1, 1), failed(2, 2)) == {}
    assert explained(silent(1, 1), failed(2, 2)) == {}


@pytest.mark.parametrize("cause", [silent(1, 1, active=False), silent(None, 1)])
def test_what_is_over_or_not_raised_yet_explains_nothing(cause: Raised) -> None:
    assert explained(cause, silent(2, 2)) == {}


def test_a_critical_alert_is_not_hidden_behind_a_warning() -> None:
    assert explained(silent(1, 1), silent(2, 2, severity=20)) == {}
    assert explained(failed(2, 2), failed(4, 4, severity=20), failed(6, 6)) == {}


def test_substations_that_feed_each_other_do_not_silence_each_other() -> None:
    assert explained(silent(7, 7), silent(8, 8)) == {}


def test_a_substation_whose_links_are_all_open_is_silent_by_a_switch() -> None:
    found = explain([silent(9, 9), failed(10, 9)], NETWORK, size=3, within=15 * MINUTE)
    assert found == {9: Explanation(Reason.SUPPLY_OPEN, None)}


FEEDER = FeederNetwork(
    {key: frozenset({1}) for key in (2, 3, 4, 5)}, sites={6: "North", 7: "North", 8: "North", 9: "South"}
)


def test_three_of_a_feeder_within_a_quarter_of_an_hour_are_one_fault_of_which_the_first_speaks() -> None:
    alerts = [failed(2, 2, minutes=4), failed(3, 3), failed(4, 4, minutes=15)]
    assert explained(*alerts, network=FEEDER) == {2: 3, 4: 3}


@pytest.mark.parametrize("third", [failed(4, 4, minutes=16), silent(4, 4), failed(4, 3), failed(9, 9)])
def test_two_are_none_and_neither_is_a_later_one_or_another_cause_or_another_feeder(third: Raised) -> None:
    assert explained(failed(2, 2), failed(3, 3), third, network=FEEDER) == {}


def test_a_finding_that_is_about_to_be_raised_counts() -> None:
    assert explained(failed(2, 2), failed(3, 3, minutes=1), failed(None, 4), network=FEEDER) == {3: 2}


def test_substations_that_the_grid_feeds_share_their_site() -> None:
    assert explained(silent(6, 6), silent(7, 7), silent(8, 8), silent(9, 9), network=FEEDER) == {7: 6, 8: 6}


def test_of_those_that_are_over_none_speaks_for_the_others() -> None:
    assert explained(failed(2, 2, active=False), failed(3, 3), failed(4, 4), network=FEEDER) == {2: 3, 4: 3}


def test_an_outage_below_a_feeder_fault_is_explained_by_the_fault() -> None:
    fed: dict[int, set[int | None]] = {2: {1}, 3: {1}, 4: {1}, 5: {4}}
    network = FeederNetwork({key: frozenset(value) for key, value in fed.items()})
    alerts = [silent(2, 2), silent(3, 3, minutes=1), silent(4, 4, minutes=2), silent(5, 5)]
    assert explained(*alerts, network=network) == {3: 2, 4: 2, 5: 2}


SUBSTATION = st.integers(1, 9)
ALERTS = st.lists(
    st.builds(
        lambda substation, kind, severity, minutes, active: kind(substation, substation, severity, minutes, active),
        SUBSTATION,
        st.sampled_from([silent, failed]),
        st.sampled_from([10, 20]),
        st.integers(0, 40),
        st.booleans(),
    ),
    unique_by=lambda each: each.pk,
    max_size=9,
)
SUPPLIES = st.dictionaries(SUBSTATION, st.frozensets(SUBSTATION | st.none(), min_size=1, max_size=2))


@given(ALERTS, SUPPLIES, st.randoms(use_true_random=False))
def test_any_order_on_any_network_explains_the_same_and_somebody_always_speaks(
    alerts: list[Raised], supplies: dict[int, frozenset[int | None]], random: object
) -> None:
    network = FeederNetwork({key: fed - {key} for key, fed in supplies.items() if fed - {key}})
    found = explain(alerts, network, size=3, within=15 * MINUTE)
    shuffled = list(alerts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # of hypothesis
    assert explain(shuffled, network, size=3, within=15 * MINUTE) == found
    by_key = {each.pk: each for each in alerts}
    for key, explanation in found.items():
        assert explanation.by is not None
        assert explanation.by not in found
        cause = by_key[explanation.by]
        assert cause.is_active
        assert cause.severity >= by_key[key].severity
