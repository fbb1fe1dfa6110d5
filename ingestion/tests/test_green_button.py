"""Green Button XML: one series, or the directions and quantities of one meter."""

from __future__ import annotations

import pytest

from ingestion.problems import Unreadable
from ingestion.tests.exported import START, asked, read, values

SPACE = 'xmlns="http://naesb.org/espi"'


def series(number: int, direction: int, uom: int, amounts: list[float], meter: str = "") -> str:
    """One ReadingType, its MeterReading and a block of hours from the fourteenth of March on."""
    start = int(START.timestamp())
    hours = "".join(
        f"<IntervalReading><timePeriod><duration>3600</duration><start>{start + 3600 * n}</start></timePeriod>"
        f"<value>{amount:.0f}</value></IntervalReading>"
        for n, amount in enumerate(amounts)
    )
    own = meter or f"/UsagePoint/1/MeterReading/{number}"
    return (
        f'<entry><link rel="self" href="{own}"/><link rel="related" href="/ReadingType/{number}"/>'
        f"<content><MeterReading {SPACE}/></content></entry>"
        f'<entry><link rel="self" href="/ReadingType/{number}"/><content><ReadingType {SPACE}>'
        f"<flowDirection>{direction}</flowDirection><powerOfTenMultiplier>0</powerOfTenMultiplier><uom>{uom}</uom>"
        "</ReadingType></content></entry>"
        f'<entry><link rel="self" href="{own}/IntervalBlock/1"/><content><IntervalBlock {SPACE}>{hours}'
        "</IntervalBlock></content></entry>"
    )


def feed(*parts: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{"".join(parts)}</feed>'.encode()


def test_what_is_fed_in_is_taken_from_what_is_drawn() -> None:
    found = read(feed(series(1, 1, 72, [5000, 0, 4000]), series(2, 19, 72, [0, 3000, 0])), "a.xml")
    assert not asked(found)
    assert values(found, "active_power_kw") == [5, -3, 4]


def test_active_and_reactive_energy_stand_beside_each_other() -> None:
    found = read(feed(series(1, 1, 72, [5234567, 6000, 4000]), series(2, 1, 73, [2000, 3000, 1000])), "a.xml")
    assert values(found, "active_power_kw") == [5234.567, 6, 4]
    assert values(found, "reactive_power_kvar") == [2, 3, 1]


@pytest.mark.parametrize(
    "second",
    [
        series(2, 1, 72, [1, 2, 3]),
        series(2, 1, 72, [1, 2, 3], "/Other/9"),
        series(2, 1, 73, [1, 2, 3], "/UsagePoint/2/MeterReading/2"),
    ],
)
def test_series_that_are_not_of_one_meter_or_of_one_quantity_are_refused(second: str) -> None:
    with pytest.raises(Unreadable, match="2 series"):
        read(feed(series(1, 1, 72, [5, 6, 7]), second), "a.xml")
