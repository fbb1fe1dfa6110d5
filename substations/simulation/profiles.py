"""Load shapes: per unit of the peak by hour and kind of day, and how each follows the weather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Flags, Floats
from .clock import SATURDAY, SUNDAY, WORKDAY, LocalClock

COOLING_ABOVE_C = 24.0
HEATING_BELOW_C = 18.0


@dataclass(frozen=True, slots=True)
class Profile:
    """Three days of 24 hourly values (workday, Saturday, Sunday) and the share of peak added per kelvin."""

    workday: tuple[float, ...]
    saturday: tuple[float, ...]
    sunday: tuple[float, ...]
    cooling_per_k: float
    heating_per_k: float

    def table(self) -> Floats:
        return np.array([self.workday, self.saturday, self.sunday])


def _hours(text: str) -> tuple[float, ...]:
    return tuple(int(value) / 100 for value in text.split())


PROFILES: dict[str, Profile] = {
    "industrial": Profile(
        _hours("42 41 40 41 45 62 84 93 96 97 95 88 91 96 92 88 90 91 88 84 80 70 54 46"),
        _hours("42 41 40 40 43 56 72 80 82 82 80 72 66 60 54 50 48 46 45 44 43 42 41 40"),
        _hours("35 34 34 34 34 35 36 36 37 37 37 37 37 36 36 36 36 36 37 38 38 37 36 36"),
        0.004,
        0.004,
    ),
    "office": Profile(
        _hours("27 26 26 26 27 31 42 61 80 92 95 94 88 90 95 94 90 78 60 47 39 34 30 28"),
        _hours("27 26 26 26 26 28 33 40 47 50 51 50 48 46 44 42 40 38 36 34 32 30 28 27"),
        _hours("26 25 25 25 25 26 27 28 29 30 30 30 30 30 30 30 30 31 33 33 31 29 28 27"),
        0.018,
        0.014,
    ),
    "residential": Profile(
        _hours("38 34 32 31 33 41 55 66 65 57 52 50 52 52 49 49 55 68 86 97 96 84 65 48"),
        _hours("42 37 34 33 33 37 46 58 66 67 64 62 62 61 58 57 62 72 87 96 94 84 68 53"),
        _hours("44 39 35 33 33 36 43 55 66 71 70 69 70 67 62 60 64 73 87 95 92 80 62 47"),
        0.020,
        0.020,
    ),
    "mixed": Profile(
        _hours("37 35 34 34 36 44 56 68 78 84 85 82 80 82 83 82 83 86 88 86 78 66 52 42"),
        _hours("38 35 34 34 35 40 48 58 66 70 70 68 66 65 63 62 64 70 78 80 74 64 52 43"),
        _hours("38 35 34 33 33 36 40 46 52 55 56 56 56 55 53 52 55 62 73 77 71 60 48 40"),
        0.014,
        0.014,
    ),
    "hospital": Profile(
        _hours("56 55 54 54 56 60 68 78 88 94 95 94 91 90 90 88 85 81 78 76 72 68 62 58"),
        _hours("55 54 53 53 55 58 64 70 77 81 82 81 79 77 76 75 74 73 72 71 68 65 60 57"),
        _hours("54 53 52 52 54 56 61 66 71 74 75 74 73 72 71 70 70 70 70 69 66 63 59 56"),
        0.015,
        0.010,
    ),
    "pumping": Profile(
        _hours("78 80 82 84 86 90 94 92 80 62 54 52 50 50 52 54 58 66 78 86 84 80 78 77"),
        _hours("78 80 82 84 86 90 94 92 80 62 54 52 50 50 52 54 58 66 78 86 84 80 78 77"),
        _hours("74 76 78 80 82 85 90 90 82 68 60 57 55 54 55 57 60 66 76 82 80 77 75 74"),
        0.006,
        0.002,
    ),
}


def day_shape(shapes: tuple[str, ...], clock: LocalClock, is_day_off: Flags) -> Floats:
    """[time, substation] load per unit of peak, linear between the hours and across midnight.

    ``is_day_off`` [time] marks holidays: they run like Sundays.
    """
    tables = np.stack([PROFILES[shape].table() for shape in shapes])  # [substation, kind, hour]
    kind = np.where(is_day_off, SUNDAY, clock.day_kind)
    hour = np.floor(clock.hour).astype(int)
    fraction = (clock.hour - hour)[:, None]
    # The hour after 23 belongs to tomorrow, whose kind follows from the weekday alone.
    weekday = (clock.day + 3) % 7
    tomorrow = np.select([weekday == 5, weekday == 4], [SUNDAY, SATURDAY], WORKDAY)
    next_kind = np.where((hour == 23) & ~is_day_off, tomorrow, kind)
    here = tables[:, kind, hour].T
    after = tables[:, next_kind, (hour + 1) % 24].T
    return np.asarray(here + (after - here) * fraction)


def weather_factor(shapes: tuple[str, ...], ambient_c: Floats, scale: Floats) -> Floats:
    """[time, substation] factor on the load for an ambient temperature [time] in °C."""
    cooling = np.array([PROFILES[shape].cooling_per_k for shape in shapes]) * scale
    heating = np.array([PROFILES[shape].heating_per_k for shape in shapes]) * scale
    above = np.maximum(0.0, ambient_c - COOLING_ABOVE_C)[:, None]
    below = np.maximum(0.0, HEATING_BELOW_C - ambient_c)[:, None]
    return 1 + cooling * above + heating * below


def ambient_temperature(clock: LocalClock, slow: Floats, shift_k: Floats, latitude: float) -> Floats:
    """[time] °C: season, day and a slow random part (``slow`` of unit variance), plus what events add.

    The season turns with the hemisphere and swings wider away from the equator.
    """
    peak_day = 150 if latitude >= 0 else 333
    swing = 2.0 + 0.18 * abs(latitude)
    mean = 28.0 - 0.012 * latitude**2
    season = mean + swing * np.cos(2 * np.pi * (clock.day_of_year - peak_day) / 365.25)
    day = 4.5 * np.cos(2 * np.pi * (clock.hour - 15.0) / 24)
    return np.asarray(season + day + 1.6 * slow + shift_k)
