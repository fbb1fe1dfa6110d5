"""Meters that are wired wrongly: where the angle and the size of P + iQ cannot be those of the load.

Formulas: ``substations.electrical.wiring``. A third or nothing of √3·U·I is a fault by itself. A direction that is
wrong by 120° or 180° could be power that is fed in, so it has to be confirmed: it came at one moment while the currents
went on, it is there in the dark, it has lasted for a day, or the nameplate says that nothing is fed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mlcore.diagnosis import tuning
from mlcore.diagnosis.fleet import Fleet
from mlcore.diagnosis.generation import daylight
from mlcore.diagnosis.history import History
from mlcore.diagnosis.parameters import QualityParameters
from mlcore.diagnosis.rolling import held, quantile, shifted, steps_since, sum_since, window_mean
from mlcore.diagnosis.signals import Signals
from substations.electrical import quality, wiring
from substations.electrical.power import BoolArray, FloatArray

SWAPPED_SHARE = quality.REVERSED_SHARE[0]
"""What imbalance and distortion leave of P + iQ with two phases exchanged; above it one transformer is reversed."""

# Between two phases of a three-phase system.
AHEAD, BEHIND = 120.0, -120.0
# assumed: a power factor of 0.94 lagging, before anything was learned.
TYPICAL_ANGLE_DEG = 20.0


@dataclass(frozen=True)
class WiringFlags:
    """[substation, time] what is wrong with the wiring. not_believed: P and Q are not those of the load."""

    reversed_ct: BoolArray
    reversed_cts: BoolArray
    swapped_phases: BoolArray
    rotated_phases: BoolArray
    reactive_sign: BoolArray
    power_factor_sign: BoolArray
    power_direction: BoolArray
    not_believed: BoolArray


def learn_directions(signals: Signals, loaded: BoolArray) -> dict[str, FloatArray]:
    """Share of import, usual angle and largest kvar of each substation; see ``QualityParameters``."""
    usable = loaded & np.isfinite(signals.active) & np.isfinite(signals.reactive)
    usable &= signals.apparent > tuning.WIRING_MIN_LOADING
    angle = wiring.angle_deg(signals.active, signals.reactive)
    median = quantile(angle, usable, 0.5)
    imports = (usable & (signals.active > 0)).sum(axis=1) / np.maximum(usable.sum(axis=1), 1)
    return {
        "import_share": np.where(usable.any(axis=1), imports, np.nan),
        "angle_median": median,
        "angle_deviation": quantile(wiring.angle_between(angle, median[:, None]), usable, 0.5),
        "reactive_largest": quantile(np.abs(signals.reactive), usable, 0.99),
    }


def wiring_flags(fleet: Fleet, signals: Signals, parameters: QualityParameters, history: History) -> WiringFlags:
    """Judge every step by itself, by the moment at which it came, and by how long it has lasted."""
    seen = _Directions.of(fleet, signals, parameters)
    turned = _Turned.of(fleet, signals, history.within("turned"))
    share = wiring.measured_share(signals.rows)
    vanished = _vanished(signals, share)
    third = quality.reversed_current_transformer(signals.rows) | _third_of_vector_meter(signals, share)
    seen = replace(seen, loaded=seen.loaded & ~third & ~vanished)
    ahead, behind, half = seen.at(AHEAD), seen.at(BEHIND), seen.at(AHEAD - 180.0) | seen.at(BEHIND + 180.0)
    mirrored = _mirrored(signals, seen) & ~ahead & ~behind
    beyond = np.abs(signals.reactive) > tuning.BEYOND_USUAL_KVAR * parameters.reactive_largest[:, None]
    reversed_cts = seen.confirmed(mirrored, turned.by(180.0), history.within("reversed_cts"))
    rotated = seen.confirmed(ahead, turned.by(AHEAD), history.within("ahead"))
    rotated |= seen.confirmed(behind, turned.by(BEHIND), history.within("behind"))
    rotated |= seen.came_at_once(half, turned.by_half(), history.within("half"))
    not_known = _direction_not_known(signals, seen, history)
    wrong = third | vanished | mirrored | reversed_cts | rotated | not_known
    return WiringFlags(
        reversed_ct=third,
        reversed_cts=reversed_cts,
        swapped_phases=vanished,
        rotated_phases=rotated,
        reactive_sign=_reactive_sign(signals, seen, turned, history.within("reactive_sign")),
        power_factor_sign=_power_factor_sign(signals),
        power_direction=not_known,
        not_believed=np.asarray(wrong | ((ahead | behind) & beyond)),
    )


@dataclass(frozen=True)
class _Directions:
    """The angle of P + iQ against the usual one. loaded, known, may_feed_in, never_feeds_in: masks; rest in degrees.

    new: nothing was learned of the substation. known: it was learned that it imports.
    """

    fleet: Fleet
    angle: FloatArray
    usual: FloatArray
    tolerance: FloatArray
    loaded: BoolArray
    new: BoolArray
    known: BoolArray
    may_feed_in: BoolArray
    never_feeds_in: BoolArray

    @classmethod
    def of(cls, fleet: Fleet, signals: Signals, parameters: QualityParameters) -> _Directions:
        feeds_in = [plate.feeds_in for plate in fleet.nameplates]
        wide = tuning.ANGLE_DEVIATIONS * parameters.angle_deviation[:, None]
        usual = parameters.angle_median[:, None]
        usual = np.where(np.isfinite(usual), usual, TYPICAL_ANGLE_DEG)
        return cls(
            fleet=fleet,
            angle=wiring.angle_deg(signals.active, signals.reactive),
            usual=usual,
            tolerance=np.clip(np.nan_to_num(wide, nan=np.inf), tuning.MIN_ANGLE_TOLERANCE, tuning.MAX_ANGLE_TOLERANCE),
            loaded=np.hypot(signals.active, signals.reactive) > tuning.WIRING_MIN_LOADING,
            new=np.isnan(parameters.import_share[:, None]),
            known=parameters.import_share[:, None] > tuning.ALWAYS_IMPORTS,
            may_feed_in=np.array([[answer is True] for answer in feeds_in]),
            never_feeds_in=np.array([[answer is False] for answer in feeds_in]),
        )

    def at(self, turn_deg: float) -> BoolArray:
        """Where the angle is so far from the usual one and cannot be that."""
        there = wiring.angle_between(self.angle, self.usual + turn_deg) <= self.tolerance
        away = wiring.angle_between(self.angle, self.usual) > self.tolerance
        # Beside the learned angle; of a new substation only what neither a load nor a generator does: 120° behind.
        is_clear = self.new if turn_deg == BEHIND else self.new & self.never_feeds_in
        judged = self.known | is_clear
        return np.asarray(self.loaded & judged & there & away)

    def confirmed(self, pattern: BoolArray, turned: BoolArray, history: History) -> BoolArray:
        """Where a pattern cannot be power that is fed in."""
        dark = ~daylight(self.fleet) & ~self.may_feed_in
        return self.came_at_once(pattern, turned, history) | (pattern & (dark | self.never_feeds_in))

    def came_at_once(self, pattern: BoolArray, turned: BoolArray, history: History) -> BoolArray:
        """Where a pattern began at one moment, or has lasted for a day."""
        since_otherwise = steps_since(self.loaded & ~pattern, history.of("otherwise"))
        at_once = steps_since(turned & pattern, history.of("turned")) < since_otherwise
        return np.asarray(pattern & (at_once | (since_otherwise >= self.fleet.steps(tuning.WIRING_LASTS_H))))


@dataclass(frozen=True)
class _Turned:
    """How P + iQ changed against the reading before: its angle in degrees, and the logarithm of its size."""

    angle: FloatArray
    growth: FloatArray
    reactive: FloatArray
    is_large: BoolArray

    @classmethod
    def of(cls, fleet: Fleet, signals: Signals, history: History) -> _Turned:
        steps = fleet.steps(tuning.REWIRED_WITHIN_H)

        powers = held(np.stack([signals.active, signals.reactive]), steps, history.of("held"))
        active, reactive = shifted(powers, 1, history.of("before"))
        size = np.hypot(signals.active, signals.reactive)
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.log(size / np.hypot(active, reactive))
        angle = wiring.angle_deg(signals.active, signals.reactive) - wiring.angle_deg(active, reactive)
        is_large = (size > 2.0 * tuning.WIRING_MIN_LOADING) & (np.abs(growth) < tuning.TURNED_SIZE)
        return cls(angle, growth, reactive, is_large)

    def by(self, turn_deg: float) -> BoolArray:
        """Where it turned by so much at one moment while its size stayed: no load and no sun does that."""
        return np.asarray(self.is_large & (wiring.angle_between(self.angle, turn_deg) < tuning.TURNED_TOLERANCE))

    def by_half(self) -> BoolArray:
        """By 60°, as on the next phase and reversed; closely, since a bank that is switched in turns it as well."""
        ahead, behind = (wiring.angle_between(self.angle, turn_deg) for turn_deg in (60.0, -60.0))
        return np.asarray(self.is_large & (np.minimum(ahead, behind) < 0.5 * tuning.TURNED_TOLERANCE))


def _mirrored(signals: Signals, seen: _Directions) -> BoolArray:
    """P and Q below 0 like a load that is turned round; P alone where nothing is ever fed in."""
    negative = seen.loaded & (signals.active < 0)
    opposite = seen.at(180.0) & negative & (signals.reactive < 0) & ~seen.may_feed_in
    return np.asarray(opposite | (negative & seen.never_feeds_in & ~seen.known))


def _vanished(signals: Signals, share: FloatArray) -> BoolArray:
    """Current flows, but P and Q cancel."""
    carried = wiring.carried_kva(signals.rows) > tuning.WIRING_MIN_LOADING * signals.rated_kva
    all_flow = signals.rows.currents_a.min(axis=-1) > 0.5 * signals.rows.currents_a.max(axis=-1)
    # A register that stands at nothing is none of the wiring.
    is_measured = np.hypot(signals.active, signals.reactive) > 0
    return np.asarray(carried & all_flow & is_measured & (share < SWAPPED_SHARE))


def _third_of_vector_meter(signals: Signals, share: FloatArray) -> BoolArray:
    """A third of √3·U·I, where S is worked out from P and Q and shows nothing."""
    low, high = quality.REVERSED_SHARE
    closes = ~quality.broken_triangle(signals.rows)
    alike = signals.rows.currents_a.max(axis=-1) < 1.5 * signals.rows.currents_a.min(axis=-1)
    loaded = wiring.carried_kva(signals.rows) > tuning.WIRING_MIN_LOADING * signals.rated_kva
    return np.asarray(loaded & closes & alike & (share > low) & (share < high))


def _reactive_sign(signals: Signals, seen: _Directions, turned: _Turned, history: History) -> BoolArray:
    """Leading where the load is lagging: Q changed its sign at one moment, or leading kvar grow with the load."""
    leading = seen.loaded & (signals.active > 0) & (signals.reactive < 0)
    flipped = wiring.angle_between(turned.angle, 2.0 * seen.angle) < tuning.TURNED_TOLERANCE
    # Next to standby the kvar of a cable or a small bank change their sign by themselves.
    flipped &= turned.is_large & (np.abs(signals.reactive) > tuning.WIRING_MIN_LOADING) & seen.known
    flipped &= signals.active > tuning.MIN_LOAD_OF_SIGN
    since_lagging = steps_since(seen.loaded & (signals.reactive > 0), history.of("lagging"))
    at_once = steps_since(flipped & leading & (seen.usual > 0), history.of("flipped")) < since_lagging
    # Half a day of readings under load: a day of standby says nothing of the sign.
    seen_leading = sum_since(leading.astype(np.float64), seen.loaded & (signals.reactive > 0), history.of("leading"))
    lasting = seen_leading >= 0.5 * seen.fleet.steps(tuning.WIRING_LASTS_H)
    falls = _slope(signals, seen, history) < tuning.LEADING_SLOPE
    return np.asarray(leading & (at_once | (lasting & falls)))


def _slope(signals: Signals, seen: _Directions, history: History) -> FloatArray:
    """kvar per kW of the readings of a day."""
    steps = seen.fleet.steps(tuning.WIRING_LASTS_H)
    both = np.isfinite(signals.active) & np.isfinite(signals.reactive)
    active, reactive = (np.where(both, values, np.nan) for values in (signals.active, signals.reactive))
    moments = np.stack([active, reactive, active**2, active * reactive])
    of_active, of_reactive, square, product = window_mean(moments, steps, history.of("moments"))
    return np.asarray((product - of_active * of_reactive) / np.maximum(square - of_active**2, 1e-6))


def _power_factor_sign(signals: Signals) -> BoolArray:
    """A power factor that is signed as leading while Q is lagging."""
    lagging = (signals.active > tuning.WIRING_MIN_LOADING) & (signals.reactive > tuning.WIRING_MIN_LOADING)
    return np.asarray(lagging & ~signals.sign_assumed & (signals.rows.power_factor < 0))


def _direction_not_known(signals: Signals, seen: _Directions, history: History) -> BoolArray:
    """Active power has been negative day and night, and nobody has said that the substation feeds in."""
    negative = seen.loaded & (signals.active < 0)
    day = seen.fleet.steps(tuning.WIRING_LASTS_H)
    lasting = steps_since(seen.loaded & ~negative, history.of("imported")) >= day
    never = np.zeros_like(negative)
    long_enough = sum_since(negative.astype(np.float64), never, history.of("negative")) >= 0.5 * day
    asked = ~seen.may_feed_in & ~seen.never_feeds_in & ~seen.known
    return np.asarray(negative & asked & lasting & long_enough)
