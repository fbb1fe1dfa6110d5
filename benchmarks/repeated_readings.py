"""Simulated readings of one substation, repeated over the years, as the files that a meter's software exports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from substations.channels import CHANNEL_NAMES
from substations.electrical.nameplate import NAMEPLATE_FIELDS
from substations.models import Link, Substation
from substations.simulation import SimulationSpec, simulate
from substations.simulation.metering import DECIMALS

BEGIN = datetime(2015, 1, 5, tzinfo=UTC)
DAY_S = 86_400
HEADER = ",".join(("substation", "timestamp", *CHANNEL_NAMES))


class RepeatedReadings:
    """Makes the substation, with the line from its supply. step_s: seconds from reading to reading; pattern_days: what
    is simulated, with faults, and then comes again; whole weeks, since a load has them."""

    def __init__(self, step_s: int, pattern_days: int) -> None:
        self.step_s = step_s
        made = simulate(
            SimulationSpec(
                substations=1, days=pattern_days, interval_min=step_s // 60, start=BEGIN, time_zone="UTC",
                events="normal", train_share=0,
            )
        )  # fmt: skip
        self._texts = _texts(made.values[0])
        self.substation = Substation.objects.create(
            code="S-1", name="Substation 1", site="Works", time_zone="UTC", reading_interval_s=step_s,
            **{name: getattr(made.substations[0], name) for name in NAMEPLATE_FIELDS},
        )  # fmt: skip
        line = made.links[0]
        Link.objects.create(source=None, target=self.substation, r_ohm=line.r_ohm, x_ohm=line.x_ohm)

    def file(self, first_day: int, until_day: int, *, corrected: bool = False) -> bytes:
        """CSV of all channels, with one row that cannot be read; as a correction every active power is another."""
        lines = [HEADER]
        for step in range(first_day * DAY_S // self.step_s, until_day * DAY_S // self.step_s):
            power, others = self._texts[step % len(self._texts)]
            if power and corrected:
                power = f"{float(power) + 1:.2f}"
            if power or others.strip(","):
                at = BEGIN.replace(tzinfo=None) + timedelta(seconds=step * self.step_s)
                lines.append(f"{self.substation.code},{at},{power},{others}")
        lines.append(f"{self.substation.code},?{',' * len(CHANNEL_NAMES)}")
        return "\n".join(lines).encode()


def _texts(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[tuple[str, str]]:
    """By step: the first channel, and the others as they stand in a file; a blank where nothing was measured."""
    columns = [
        np.where(np.isnan(values[:, number]), "", np.char.mod(f"%.{digits}f", values[:, number]))
        for number, digits in enumerate(DECIMALS)
    ]
    return [(row[0], ",".join(row[1:])) for row in np.stack(columns, axis=1).tolist()]
