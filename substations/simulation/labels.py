"""Labels: what each event cost, by the power flow with it and without it.

A load with a low power factor is compared with the same load at the target: its kW are wanted, its kvar are not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .arrays import Flags, Integers
from .physics import Losses
from .spec import EVERYWHERE, EventRequest
from .world import DAY_S, World, WorldState

CRITICAL_PCT = 15.0
DONT_CARE_PCT = 1.0
DONT_CARE_TRANSFORMER_PCT = 2.0
TARGET_TAN_PHI = 0.329  # a power factor of 0.95
_READINGS_ONLY = ("sensor_fault", "data_gap")


@dataclass(frozen=True, slots=True)
class LabelledEvent:
    """One event and its truth, cut at the end of the history.

    ``is_loss`` is False for a fault too small to matter (``dont_care``), which then has no severity either.
    ``extra_loss_pct`` relates to the loss without it: own transformer and allocated part of the feeders.
    """

    request: EventRequest
    start_s: int
    end_s: int
    is_loss: bool
    severity: str
    dont_care: bool
    base_loss_kwh: float
    extra_transformer_kwh: float
    extra_feeder_kwh: float
    extra_transformer_pct: float

    @property
    def kind(self) -> str:
        return self.request.kind

    @property
    def substation(self) -> str:
        return self.request.substation

    @property
    def ramp_hours(self) -> float:
        return self.request.ramp_hours

    @property
    def extra_loss_kwh(self) -> float:
        return self.extra_transformer_kwh + self.extra_feeder_kwh

    @property
    def extra_loss_pct(self) -> float:
        return 100 * self.extra_loss_kwh / self.base_loss_kwh if self.base_loss_kwh else 0.0


@dataclass(slots=True)
class _Energy:
    """kWh inside the event's window."""

    own_transformer: float = 0.0
    feeders: float = 0.0
    allocated: float = 0.0

    def add(self, losses: Losses, inside: Flags, own: list[int], hours: float) -> None:
        self.own_transformer += float(losses.transformer[inside][:, own].sum()) * hours
        self.feeders += float(losses.feeder[inside].sum()) * hours
        self.allocated += float(losses.feeder_allocated[inside][:, own].sum()) * hours


@dataclass(frozen=True, slots=True)
class SimulatedHistory:
    """A run to label: ``states`` at the start of each day, ``losses`` [time, substation] at ``times_s``."""

    world: World
    states: tuple[WorldState, ...]
    requests: tuple[EventRequest, ...]
    times_s: Integers
    losses: Losses


def label(history: SimulatedHistory) -> tuple[LabelledEvent, ...]:
    """Label every event that touches the history."""
    spec = history.world.spec
    touching = [r for r in history.requests if r.start_s < spec.end_s and r.end_s > spec.start_s]
    return tuple(_label(history, request) for request in touching)


def _label(history: SimulatedHistory, request: EventRequest) -> LabelledEvent:
    spec, codes = history.world.spec, history.world.grid.codes
    start, end = max(request.start_s, spec.start_s), min(request.end_s, spec.end_s)
    own = list(range(len(codes))) if request.substation == EVERYWHERE else [codes.index(request.substation)]
    with_it, without = _Energy(), _Energy()
    if request.kind not in _READINGS_ONLY:
        inside = (history.times_s >= start) & (history.times_s < end)
        with_it.add(history.losses, inside, own, spec.step_s / 3600)
        without = _counterfactual(history, request, own, start, end)
    extra_transformer = with_it.own_transformer - without.own_transformer
    extra_feeder = with_it.feeders - without.feeders
    base = without.own_transformer + without.allocated
    pct = 100 * (extra_transformer + extra_feeder) / base if base else 0.0
    transformer_pct = 100 * extra_transformer / without.own_transformer if without.own_transformer else 0.0
    dont_care = request.is_loss and pct < DONT_CARE_PCT and transformer_pct < DONT_CARE_TRANSFORMER_PCT
    is_loss = request.is_loss and not dont_care
    return LabelledEvent(
        request=request,
        start_s=start,
        end_s=end,
        is_loss=is_loss,
        severity=("critical" if pct >= CRITICAL_PCT else "warning") if is_loss else "",
        dont_care=dont_care,
        base_loss_kwh=base,
        extra_transformer_kwh=extra_transformer,
        extra_feeder_kwh=extra_feeder,
        extra_transformer_pct=transformer_pct,
    )


def _harmless(request: EventRequest) -> tuple[EventRequest, ...]:
    """What stays of an event when its fault is put right: nothing, but of a motor its load at the target."""
    if request.kind != "low_pf_motor":
        return ()
    return (replace(request, size={**request.size, "tan_phi": TARGET_TAN_PHI}),)


def _counterfactual(
    history: SimulatedHistory, request: EventRequest, own: list[int], start_s: int, end_s: int
) -> _Energy:
    """The window run again without the event, from the last start of a day that it can't have touched."""
    world = history.world
    others = tuple(other for other in history.requests if other is not request) + _harmless(request)
    first, last = ((at - world.spec.start_s) // DAY_S for at in (start_s, end_s - 1))
    energy, state = _Energy(), history.states[first]
    for day in range(first, last + 1):
        physics, state = world.advance(state, day, others)
        inside = (physics.times_s >= start_s) & (physics.times_s < end_s)
        energy.add(physics.losses, inside, own, world.spec.step_s / 3600)
    return energy
