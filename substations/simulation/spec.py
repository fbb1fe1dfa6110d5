"""What to simulate: the grid, the period, the load shapes and the events asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .bank_controller import BankController
from .solar import SolarPlant

LOSS_KINDS = (
    "capacitor_failure",
    "low_pf_motor",
    "overload",
    "phase_imbalance",
    "harmonic_injection",
    "tap_voltage",
    "cooling_failure",
)
HARMLESS_KINDS = ("sensor_fault", "maintenance_outage", "data_gap", "holiday", "cold_day", "load_growth")
KINDS = LOSS_KINDS + HARMLESS_KINDS
EVERYWHERE = "ALL"
GRID_WIDE_KINDS = ("holiday", "cold_day")
SHAPES = ("industrial", "office", "residential", "mixed", "hospital", "pumping")
EVENT_DENSITIES = ("none", "normal", "dense")
SENSOR_FAULT_MODES = (
    "ct_drift",
    "ct_stuck",
    "vt_low",
    "power_register",
    "thd_stuck_high",
    "oil_zero",
    "oil_stuck",
    "oil_jump",
    "frozen",
)


class SpecError(ValueError):
    """The simulation asked for is outside what the simulator can do."""


@dataclass(frozen=True, slots=True)
class EventRequest:
    """One event to inject: UTC epoch seconds, ``start_s`` inclusive, ``end_s`` exclusive.

    ``size`` holds what the kind understands (see ``effects.py``); what is left out has a moderate default.
    """

    kind: str
    substation: str
    start_s: int
    end_s: int
    ramp_hours: float = 0.0
    size: Mapping[str, float | str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise SpecError(f"Unknown kind of event {self.kind!r}; expected one of {', '.join(KINDS)}.")
        if self.end_s <= self.start_s:
            raise SpecError(
                f"{self.kind} on {self.substation} ends ({self.end_s}) before it starts "
                f"({self.start_s}); give an end after the start."
            )
        if self.ramp_hours < 0:
            raise SpecError(f"Received ramp_hours {self.ramp_hours}; expected 0 or more.")
        if self.substation == EVERYWHERE and self.kind not in GRID_WIDE_KINDS:
            raise SpecError(f"{self.kind} needs the code of one substation, not {EVERYWHERE}.")
        mode = self.size.get("mode")
        if self.kind == "sensor_fault" and mode is not None and mode not in SENSOR_FAULT_MODES:
            raise SpecError(f"Unknown sensor fault {mode!r}; expected one of {', '.join(SENSOR_FAULT_MODES)}.")

    @property
    def is_loss(self) -> bool:
        return self.kind in LOSS_KINDS


def _require(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise SpecError(f"Received {name} {value}; expected {low} to {high}.")


@dataclass(frozen=True, slots=True)
class SimulationSpec:
    """A grid and a period.

    ``start`` without a time zone is read in ``time_zone``. ``events`` is a density for events drawn at random
    after ``train_share`` of the days, or the events themselves.
    """

    substations: int = 12
    days: int = 60
    interval_min: int = 15
    seed: int = 1
    start: datetime = datetime(2025, 9, 1)  # noqa: DTZ001 - local to time_zone
    time_zone: str = "Asia/Kolkata"
    hv_nominal_v: float = 11_000.0
    lv_nominal_v: float = 433.0
    nominal_hz: float = 50.0
    is_meshed: bool = False
    shapes: tuple[str, ...] = SHAPES
    events: str | tuple[EventRequest, ...] = "none"
    train_share: float = 0.6
    latitude: float = 18.52
    longitude: float = 73.86
    annual_growth: float = 0.03
    solar: tuple[SolarPlant, ...] = ()
    controller: BankController = field(default_factory=BankController)

    def __post_init__(self) -> None:
        _require("substations", self.substations, 1, 200)
        _require("days", self.days, 1, 1000)
        _require("interval_min", self.interval_min, 1, 60)
        if 60 % self.interval_min:
            raise SpecError(f"Received interval_min {self.interval_min}; expected a divisor of 60 such as 5, 15 or 30.")
        _require("seed", self.seed, 0, 2**32 - 1)
        _require("hv_nominal_v", self.hv_nominal_v, 3_000, 36_000)
        _require("lv_nominal_v", self.lv_nominal_v, 200, 1_000)
        _require("nominal_hz", self.nominal_hz, 45, 65)
        _require("train_share", self.train_share, 0, 0.95)
        _require("latitude", self.latitude, -80, 80)
        _require("longitude", self.longitude, -180, 180)
        _require("annual_growth", self.annual_growth, -0.2, 0.2)
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SpecError(f"Received time zone {self.time_zone!r}; expected a name like Asia/Kolkata.") from error
        unknown = set(self.shapes) - set(SHAPES)
        if unknown or not self.shapes:
            raise SpecError(f"Received load shapes {self.shapes}; expected some of {', '.join(SHAPES)}.")
        if isinstance(self.events, str) and self.events not in EVENT_DENSITIES:
            raise SpecError(
                f"Received events {self.events!r}; expected one of {', '.join(EVENT_DENSITIES)} or a tuple."
            )

    @property
    def step_s(self) -> int:
        return self.interval_min * 60

    @property
    def steps_per_day(self) -> int:
        return 1440 // self.interval_min

    @property
    def start_s(self) -> int:
        """UTC epoch seconds of the first reading, brought down to the local grid of the interval."""
        zone = ZoneInfo(self.time_zone)
        local = (self.start if self.start.tzinfo else self.start.replace(tzinfo=zone)).astimezone(zone)
        seconds = int(local.timestamp())
        return seconds - (local.hour * 3600 + local.minute * 60 + local.second) % self.step_s

    @property
    def end_s(self) -> int:
        return self.start_s + self.days * 86_400

    @property
    def train_end_s(self) -> int:
        return self.start_s + int(self.days * self.train_share) * 86_400
