"""What wrong wiring of a three-element meter does to P and Q, with formulas.

Of a balanced load S = √3·U·I at the angle φ every element measures a third, ``S/3 · exp(iφ)``. A current transformer
that is turned round gives its third the opposite sign; the current of phase j on the voltage of phase k turns it by
``120° · (j − k)``, since the current of j lags by that much. So P + iQ = k · S · exp(iφ) with the connection factor

    k = Σ signₖ · Iⱼ · exp(i · 120° · (j − k)) / Σ I,    j = order[k]

==========================================  =============  =======================================================
connection                                  k, balanced    seen in totals
==========================================  =============  =======================================================
right                                       1              quadrant of the load
all current transformers reversed           −1             P < 0 and Q < 0, as much as U·I asks for
one of them reversed (two: −1/3)            1/3            a third of √3·U·I is left, at the angle of the load
two currents, or two voltages, exchanged    0              P and Q vanish while current flows: 1 + 2·cos 120° = 0
all currents on the next phase              exp(±i·120°)   as much as U·I asks for, 120° beside the angle of the load
==========================================  =============  =======================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from substations.electrical.power import FloatArray, apparent_from_current
from substations.electrical.quality import MeterRows

IN_ORDER = (0, 1, 2)  # each current on the voltage of its own phase


def connection_factor(order: Sequence[int], signs: Sequence[int], currents_a: Sequence[float] = (1, 1, 1)) -> complex:
    """(P + iQ) of a wrongly connected meter over that of a right one.

    order: the phase (0 to 2) whose current is at input 0, 1, 2; signs: −1 where the transformer at that input is
    reversed; currents_a: of the phases, all at one angle.
    """
    turned = np.exp(2j * np.pi / 3 * (np.asarray(order) - np.arange(3)))
    weights = np.asarray(currents_a, dtype=np.float64)
    if not weights.sum() > 0:
        return complex(np.nan)
    return complex((np.asarray(signs) * weights[list(order)] * turned).sum() / weights.sum())


def angle_deg(active_kw: FloatArray, reactive_kvar: FloatArray) -> FloatArray:
    """Angle of P + iQ in degrees, −180 to 180; lagging import lies between 0 and 90."""
    return np.asarray(np.degrees(np.arctan2(reactive_kvar, active_kw)))


def angle_between(one_deg: FloatArray, other_deg: FloatArray | float) -> FloatArray:
    """Size of the angle between two directions, 0 to 180 degrees."""
    return np.asarray(np.abs((one_deg - other_deg + 180.0) % 360.0 - 180.0))


def carried_kva(rows: MeterRows) -> FloatArray:
    """√3·U·I of the phases, which knows no order and no direction; NaN where U or I is missing."""
    return apparent_from_current(rows.voltages_v.mean(axis=-1), rows.currents_a.mean(axis=-1))


def measured_share(rows: MeterRows) -> FloatArray:
    """√(P² + Q²) · √(1 + THD²) over √3·U·I: the size of the connection factor. NaN where U or I is missing."""
    fundamental = np.hypot(rows.active_kw, rows.reactive_kvar) * np.sqrt(1.0 + np.nan_to_num(rows.distortion) ** 2)
    carried = carried_kva(rows)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(carried > 0, fundamental / carried, np.nan)


def reversed_phase(currents_a: Sequence[float], share: float, margin: float = 0.03) -> int | None:
    """The phase (0 to 2) whose transformer is reversed, from |k| = (ΣI − 2·I) / ΣI; None where phases are alike.

    share: measured |k|. margin: chosen, the error of |k| by which the next best phase has to be worse.
    """
    signs = ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
    return _best([abs(connection_factor(IN_ORDER, each, currents_a)) for each in signs], share, margin)


def exchanged_inputs(currents_a: Sequence[float], share: float, margin: float = 0.03) -> tuple[int, int] | None:
    """The two inputs whose currents are exchanged, from what imbalance leaves of k; None where phases are alike."""
    pairs = ((0, 1), (1, 2), (0, 2))
    orders = ((1, 0, 2), (0, 2, 1), (2, 1, 0))
    # The currents are those of the inputs: put back to their phases before k is worked out.
    by_phase = [[currents_a[k] for k in order] for order in orders]
    shares = [abs(connection_factor(o, (1, 1, 1), each)) for o, each in zip(orders, by_phase, strict=True)]
    found = _best(shares, share, margin)
    return None if found is None else pairs[found]


def _best(shares: Sequence[float], measured: float, margin: float) -> int | None:
    errors = np.abs(np.asarray(shares) - measured)
    order = np.argsort(errors)
    is_clear = np.isfinite(errors).all() and errors[order[1]] - errors[order[0]] > margin
    return int(order[0]) if is_clear else None
