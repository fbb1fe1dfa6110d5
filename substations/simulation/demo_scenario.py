"""The demo: ten substations on three sites, with losses at set places in the last third of the history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .clock import utc_offset_s
from .feed import LiveFeed
from .run import Simulation, simulate
from .simulated_grid import SOURCE, STANDARD_SIZES, SimulatedGrid, SimulatedLink, SimulatedSubstation, bank, link, place
from .spec import EVERYWHERE, EventRequest, SimulationSpec

DEMO_SEED = 20_250
DEMO_TIME_ZONE = "Asia/Kolkata"
_CENTRE = (19.998, 73.791)
_DAY_S, _HOUR_S = 86_400, 3_600
_FEEDERS = {"HW": ("F1", "Harbour Works"), "OT": ("F2", "Old Town"), "LW": ("F3", "Lake Waterworks")}
# code, name, parent, km, bearing, kVA, load shape, peak load per unit, capacitor steps
_PLAN = (
    ("HW-01", "Mill Gate", SOURCE, 1.4, 75, 1000, "industrial", 0.70, 6),
    ("HW-02", "Foundry", "HW-01", 0.9, 50, 800, "industrial", 0.74, 5),
    ("HW-03", "Rolling Shop", "HW-01", 1.1, 110, 1250, "industrial", 0.66, 6),
    ("HW-04", "Cold Store", "HW-03", 0.8, 130, 500, "mixed", 0.68, 1),
    ("OT-01", "Market Square", SOURCE, 1.1, 200, 630, "mixed", 0.66, 5),
    ("OT-02", "Station Road", "OT-01", 0.8, 165, 400, "residential", 0.72, 4),
    ("OT-03", "City Hospital", "OT-01", 0.9, 235, 800, "hospital", 0.70, 6),
    ("OT-04", "Court House", "OT-03", 0.7, 250, 500, "office", 0.70, 4),
    ("LW-01", "Intake Pumps", SOURCE, 2.1, 320, 630, "pumping", 0.78, 5),
    ("LW-02", "Lakeside", "LW-01", 1.2, 345, 400, "residential", 0.64, 1),
)
_TIES = (("HW-04", "OT-02", 1.6), ("OT-04", "LW-02", 2.2))
_END = None
# kind, substation, first day and hour, last day and hour (None: that many days after the history), size
_Place = tuple[str, str, int, float, int | None, float, float, dict[str, float | str]]
_EVENTS: tuple[_Place, ...] = (
    ("capacitor_failure", "HW-02", 31, 10.0, 34, 16.0, 0, {"lost": 0.6}),
    ("overload", "OT-01", 33, 9.0, 33, 18.0, 0, {"load_pu": 1.18}),
    ("harmonic_injection", "OT-04", 34, 8.5, 36, 17.5, 0, {"thd": 0.28}),
    ("low_pf_motor", "HW-04", 35, 7.0, 37, 19.0, 0, {"power_kw": 34.0, "tan_phi": 1.7, "period_min": 180}),
    ("sensor_fault", "HW-01", 36, 11.0, 37, 15.0, 0, {"mode": "ct_drift", "phase": 2, "amount": 0.55}),
    ("tap_voltage", "LW-02", 36, 13.0, 39, 9.0, 0, {"steps": 2}),
    ("holiday", EVERYWHERE, 38, 0.0, 39, 0.0, 0, {}),
    ("cooling_failure", "OT-03", 40, 6.0, 43, 10.0, 0, {"factor": 2.3}),
    ("capacitor_failure", "LW-01", 42, 14.0, _END, 6.0, 0, {"lost": 1.0}),
    ("phase_imbalance", "OT-02", 43, 7.0, _END, 2.0, 0, {"deviation": 0.6, "phase": 3, "split": 0.55}),
    ("harmonic_injection", "HW-03", 43, 12.0, _END, 3.0, 6, {"thd": 0.2}),
)
# These show little on a day off, so they move to the next working day.
_WORKING_DAY_KINDS = ("overload", "harmonic_injection", "low_pf_motor", "holiday")


def demo_plan() -> SimulatedGrid:
    """The substations and links of the demo: the same whatever the date."""
    made: dict[str, SimulatedSubstation] = {}
    for code, name, parent, length, bearing, rated, shape, peak, steps in _PLAN:
        no_load_w, load_w, impedance = STANDARD_SIZES[rated]
        feeder, site = _FEEDERS[code[:2]]
        origin = (made[parent].latitude, made[parent].longitude) if parent != SOURCE else _CENTRE
        latitude, longitude = place(*origin, length, bearing)
        made[code] = SimulatedSubstation(
            code=code,
            name=name,
            site=site,
            latitude=latitude,
            longitude=longitude,
            feeder=feeder,
            parent=parent,
            rated_kva=float(rated),
            nominal_v=433.0,
            hv_nominal_v=11_000.0,
            no_load_loss_w=float(no_load_w),
            load_loss_w=float(load_w),
            impedance_pct=impedance,
            capacitor_bank_kvar=bank(shape, rated, peak, steps=steps),
            capacitor_steps=steps,
            load_shape=shape,
            peak_load_pu=peak,
        )
    return SimulatedGrid(tuple(made.values()), _links())


def _links() -> tuple[SimulatedLink, ...]:
    lines = [link(parent, code, length, "dog") for code, _, parent, length, *_ in _PLAN]
    return (*lines, *(link(a, b, length, "raccoon", is_closed=False) for a, b, length in _TIES))


def demo_spec(end: datetime, days: int = 45, interval_min: int = 15) -> SimulationSpec:
    """The demo's spec for a history that ends at ``end`` (brought down to the grid of the interval)."""
    if end.tzinfo is None:
        raise ValueError(f"Received the naive time {end}; expected one with a time zone.")
    step_s = interval_min * 60
    end = datetime.fromtimestamp(int(end.timestamp()) // step_s * step_s, UTC)
    spec = SimulationSpec(
        substations=len(_PLAN),
        days=days,
        interval_min=interval_min,
        seed=DEMO_SEED,
        start=end - timedelta(days=days),
        time_zone=DEMO_TIME_ZONE,
        latitude=_CENTRE[0],
        longitude=_CENTRE[1],
        is_meshed=True,
        train_share=2 / 3,
    )
    return _with_events(spec)


def _with_events(spec: SimulationSpec) -> SimulationSpec:
    """Place the events on the local calendar, counted back from the end; too early ones are left out."""
    offset = utc_offset_s(spec.end_s, spec.time_zone)
    midnight = (spec.end_s + offset) // _DAY_S - 45
    placed = (_place(spec, midnight, offset, plan) for plan in _EVENTS)
    events = tuple(event for event in placed if spec.train_end_s <= event.start_s < spec.end_s)
    values = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
    return SimulationSpec(**{**values, "events": events})


def _place(spec: SimulationSpec, midnight: int, offset: int, plan: _Place) -> EventRequest:
    kind, code, first, first_hour, last, last_hour, ramp_hours, size = plan
    weekday = (midnight + first + 3) % 7
    shift = 7 - weekday if kind in _WORKING_DAY_KINDS and weekday > 4 and last is not None else 0
    start = (midnight + first + shift) * _DAY_S + int(first_hour * _HOUR_S) - offset
    if last is None:
        end = spec.end_s + int(last_hour * _DAY_S)
    else:
        end = (midnight + last + shift) * _DAY_S + int(last_hour * _HOUR_S) - offset
    return EventRequest(kind, code, start, end, ramp_hours, size)


def demo_grid(end: datetime, days: int = 45, interval_min: int = 15) -> Simulation:
    """History of the demo grid up to ``end`` (exclusive), with a fixed seed: only the calendar moves.

    The first two thirds are clean; the last third has every kind of loss, a sensor fault and a holiday,
    three of them still going on at the end.

    Raises:
        ValueError: ``end`` has no time zone.
        SpecError: ``days`` or ``interval_min`` is out of range.
    """
    return simulate(demo_spec(end, days, interval_min), demo_plan())


def demo_feed(
    end: datetime,
    days: int = 45,
    interval_min: int = 15,
    *,
    resume_at: datetime | None = None,
    faults_per_week: float = 0.0,
) -> LiveFeed:
    """The feed that follows ``demo_grid(end, days, interval_min)``, without keeping its history."""
    spec = demo_spec(end, days, interval_min)
    return LiveFeed(spec, grid=demo_plan(), resume_at=resume_at, faults_per_week=faults_per_week)
