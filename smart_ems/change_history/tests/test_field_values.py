"""What counts as a difference, and that it can always be stored."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from smart_ems.change_history.field_values import _plain, difference

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.dates()
    | st.times()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
STORED = st.dictionaries(st.sampled_from("abcd"), SCALARS.map(_plain))


@given(SCALARS)
def test_every_value_becomes_json_that_every_database_takes(value: object) -> None:
    json.dumps(_plain(value), allow_nan=False)


@given(STORED)
def test_nothing_differs_from_itself(values: dict[str, object]) -> None:
    assert difference(values, dict(values)) == {}


@given(STORED, STORED)
def test_a_difference_holds_both_sides_of_each_field_and_leads_from_one_to_the_other(
    before: dict[str, object], after: dict[str, object]
) -> None:
    changed = difference(before, after)
    for name in {*before, *after}:
        old, new = before.get(name), after.get(name)
        if name in changed:
            assert changed[name] == [old, new]
        else:
            assert old == new or {old, new} <= {None, ""}


@given(STORED, STORED)
def test_the_way_back_is_the_same_way(before: dict[str, object], after: dict[str, object]) -> None:
    there, back = difference(before, after), difference(after, before)
    assert back == {name: [new, old] for name, (old, new) in there.items()}
