"""Photovoltaic plants behind the meters: the sun, clouds that the neighbours share, and what each plant feeds in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .arrays import Floats
from .clock import LocalClock

# Cooper's formula: obliquity of the ecliptic, and the days from the winter solstice to the new year.
OBLIQUITY_DEG, SOLSTICE_LEAD_DAYS = 23.44, 10
# A fixed array yields a little less than in proportion to the sine of the elevation (longer way through the air).
AIR_MASS_EXPONENT = 1.15
CLEAR, BROKEN, OVERCAST = 0, 1, 2
KIND_SHARES = (0.5, 0.3, 0.2)
"""Clear days, days of passing clouds and overcast ones."""

TRANSMITTED = ((0.96, 1.0), (0.25, 1.0), (0.10, 0.35))
"""Least and most that the clouds of each kind of day let through."""

# Clouds stay for about this long over a town; most of what they do is common to plants some kilometres apart.
CLOUD_MINUTES, LOCAL_SHARE = 25.0, 0.25


@dataclass(frozen=True, slots=True)
class SolarPlant:
    """A plant of ``peak_kw`` on the low-voltage side of a substation, from ``from_s`` (UTC epoch seconds) on."""

    substation: str
    peak_kw: float
    from_s: int = 0


def solar_kw(
    plants: Sequence[SolarPlant], codes: tuple[str, ...], clock: LocalClock, latitude: float, rng: np.random.Generator
) -> Floats:
    """[time, substation] kW fed in on one day; inverters at a power factor of one."""
    peak = np.zeros((len(clock.times_s), len(codes)))
    for plant in plants:
        peak[:, codes.index(plant.substation)] += plant.peak_kw * (clock.times_s >= plant.from_s)
    return peak * (clear_sky(clock, latitude)[:, None] * cloud_transmission(clock, len(codes), rng))


def clear_sky(clock: LocalClock, latitude: float) -> Floats:
    """[time] output over the peak of a plant under a clear sky; the sun is highest at half past twelve."""
    turn = 2 * np.pi * (clock.day_of_year + SOLSTICE_LEAD_DAYS) / 365.25
    declination = -np.deg2rad(OBLIQUITY_DEG) * np.cos(turn)
    hour_angle = 2 * np.pi * (clock.hour - 12.5) / 24
    north = np.deg2rad(latitude)
    elevation_sin = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.maximum(elevation_sin, 0.0) ** AIR_MASS_EXPONENT)


def cloud_transmission(clock: LocalClock, count: int, rng: np.random.Generator) -> Floats:
    """[time, substation] share of the sun that the clouds of one day let through, most of it common to all."""
    kind = rng.choice(3, p=KIND_SHARES)
    low, high = TRANSMITTED[kind]
    step_min = float(clock.times_s[1] - clock.times_s[0]) / 60 if len(clock.times_s) > 1 else 60.0
    kept = np.exp(-step_min / CLOUD_MINUTES)
    pushes = rng.normal(0, np.sqrt(1 - kept**2), (len(clock.times_s), count + 1))
    wander = np.empty_like(pushes)
    now = rng.normal(0, 1, count + 1)
    for step, push in enumerate(pushes):
        now = kept * now + push
        wander[step] = now
    mixed = np.sqrt(1 - LOCAL_SHARE) * wander[:, :1] + np.sqrt(LOCAL_SHARE) * wander[:, 1:]
    return np.asarray(low + (high - low) / (1 + np.exp(-1.5 * mixed)))
