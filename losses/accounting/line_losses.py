"""What the lines themselves lose and carry, whoever pays for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from losses.accounting.hourly_energy import HourGrid
from losses.accounting.metered_power import MeteredPower, rows_of
from losses.accounting.supply_network import NetworkFlows
from substations.electrical.power import FloatArray
from substations.electrical.topology import Segment


@dataclass(frozen=True)
class LineLosses:
    """Of the lines of one supplied part, in the order of ``segments``.

    loss_kw, carried_kw: [line, time], carried without regard to direction; NaN while no meter behind the line is
    believed. known: [line, time], which share of the meters behind it is.
    """

    segments: tuple[Segment, ...]
    loss_kw: FloatArray
    carried_kw: FloatArray
    known: FloatArray

    def by_hour(self, hours: HourGrid) -> FloatArray:
        """[line, 3, hour]: loss and carried energy in kWh, NaN where not known, and the known share of the hour."""
        steps_of_an_hour = np.diff(np.append(hours.first, self.known.shape[1]))
        known = hours.sums(self.known) / steps_of_an_hour
        return np.stack([hours.energy(self.loss_kw), hours.energy(self.carried_kw), known], axis=1)


def line_losses(flows: NetworkFlows, weight: FloatArray, metered: MeteredPower) -> LineLosses:
    """Losses of the lines of a power flow.

    weight: [line, time], loss with harmonics and imbalance over that of the balanced fundamental. metered: of the
    whole fleet, with gaps.
    """
    behind = (np.abs(flows.feeder.carries) > 0).astype(np.float64)
    believed = rows_of(metered, list(flows.feeder.members)).is_valid.astype(np.float64)
    known = behind @ believed / np.maximum(behind.sum(axis=1, keepdims=True), 1.0)
    is_known = known > 0
    return LineLosses(
        flows.feeder.segments,
        np.where(is_known, flows.loss_kw * weight, np.nan),
        np.where(is_known, np.abs(flows.flow_kw), np.nan),
        known,
    )
