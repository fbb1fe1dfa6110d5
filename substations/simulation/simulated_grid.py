"""A radial distribution grid: substations with nameplates and positions, and the links between them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .arrays import Floats
from .spec import SimulationSpec

SOURCE = "SOURCE"
MAX_DEPTH = 4
SUBSTATIONS_PER_FEEDER = 5
# Oil-immersed distribution transformers: kVA -> no-load loss W, load loss W at 75 °C, impedance %.
STANDARD_SIZES: dict[int, tuple[int, int, float]] = {
    250: (530, 3250, 4.0),
    315: (630, 3900, 4.0),
    400: (750, 4600, 4.0),
    500: (880, 5500, 4.0),
    630: (1030, 6500, 4.5),
    800: (1200, 8400, 5.0),
    1000: (1400, 10500, 5.0),
    1250: (1750, 13200, 6.0),
}
# ACSR overhead conductors: name -> ohm/km at 20 °C, reactance ohm/km at the usual spacing.
CONDUCTORS: dict[str, tuple[float, float]] = {"dog": (0.279, 0.335), "raccoon": (0.371, 0.345)}
NATURAL_TAN_PHI = {
    "industrial": 0.78,
    "office": 0.58,
    "residential": 0.45,
    "mixed": 0.58,
    "hospital": 0.56,
    "pumping": 0.75,
}


@dataclass(frozen=True, slots=True)
class SimulatedSubstation:
    """What the nameplate and the register of a substation say; the real unit deviates by up to 3 %."""

    code: str
    name: str
    site: str
    latitude: float
    longitude: float
    feeder: str
    parent: str
    rated_kva: float
    nominal_v: float
    hv_nominal_v: float
    no_load_loss_w: float
    load_loss_w: float
    impedance_pct: float
    capacitor_bank_kvar: float
    capacitor_steps: int
    load_shape: str
    peak_load_pu: float
    cooling: str = "ONAN"
    vector_group: str = "Dyn11"

    @property
    def has_automatic_bank(self) -> bool:
        return self.capacitor_steps > 1


@dataclass(frozen=True, slots=True)
class SimulatedLink:
    """A line at high voltage; an open link is a tie that carries nothing."""

    from_node: str
    to_node: str
    r_ohm: float
    x_ohm: float
    length_km: float
    conductor: str
    is_closed: bool = True


@dataclass(frozen=True, slots=True)
class SimulatedGrid:
    substations: tuple[SimulatedSubstation, ...]
    links: tuple[SimulatedLink, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(substation.code for substation in self.substations)

    def incoming(self) -> tuple[SimulatedLink, ...]:
        """The closed link that feeds each substation, in the order of the substations."""
        by_node = {link.to_node: link for link in self.links if link.is_closed}
        return tuple(by_node[code] for code in self.codes)

    def paths(self) -> Floats:
        """[segment, substation] 1.0 where the segment that ends at a substation lies upstream of another."""
        index = {code: i for i, code in enumerate(self.codes)}
        matrix = np.zeros((len(index), len(index)))
        for column, substation in enumerate(self.substations):
            node = substation.code
            while node != SOURCE:
                matrix[index[node], column] = 1.0
                node = self.substations[index[node]].parent
        return matrix


def bank(shape: str, rated_kva: float, peak_load_pu: float, *, steps: int) -> float:
    """Capacitor kvar that lifts the peak load to a power factor near 0.98 (fixed banks: the base load only)."""
    peak_kw = rated_kva * peak_load_pu * 0.9
    needed = peak_kw * (NATURAL_TAN_PHI[shape] - math.tan(math.acos(0.982)))
    kvar = needed * 1.1 if steps > 1 else needed * 0.55
    return max(steps * 5.0, round(kvar / steps / 5.0) * 5.0 * steps)


def link(from_node: str, to_node: str, length_km: float, conductor: str, *, is_closed: bool = True) -> SimulatedLink:
    r_per_km, x_per_km = CONDUCTORS[conductor]
    length = round(length_km, 2)
    return SimulatedLink(
        from_node, to_node, round(r_per_km * length, 4), round(x_per_km * length, 4), length, conductor, is_closed
    )


def place(latitude: float, longitude: float, length_km: float, bearing_deg: float) -> tuple[float, float]:
    """Latitude and longitude of a point ``length_km`` away (flat earth: good to a few metres here)."""
    bearing = math.radians(bearing_deg)
    north, east = length_km * math.cos(bearing), length_km * math.sin(bearing)
    return (
        round(latitude + north / 111.2, 6),
        round(longitude + east / (111.2 * math.cos(math.radians(latitude))), 6),
    )


def random_grid(spec: SimulationSpec) -> SimulatedGrid:
    """Feeders that leave the source in different directions and branch a few levels deep."""
    rng = np.random.default_rng([spec.seed, 100])
    feeders = max(1, math.ceil(spec.substations / SUBSTATIONS_PER_FEEDER))
    # Long lines at a low voltage would not carry the load: shorten them with the square of the voltage.
    reach = min(1.0, (spec.hv_nominal_v / 11_000.0) ** 2)
    made: list[SimulatedSubstation] = []
    links: list[SimulatedLink] = []
    depth = {SOURCE: 0}
    for i in range(spec.substations):
        feeder = i % feeders
        parent = _parent(made, depth, f"F{feeder + 1}", rng)
        length = max(0.05, rng.uniform(0.5, 1.6) * reach)
        bearing = 360.0 * feeder / feeders + rng.uniform(-40, 40)
        here = next((s for s in made if s.code == parent), None)
        at = (here.latitude, here.longitude) if here else (spec.latitude, spec.longitude)
        made.append(_substation(spec, i, f"F{feeder + 1}", parent, place(*at, length, bearing), rng))
        depth[made[-1].code] = depth[parent] + 1
        links.append(link(parent, made[-1].code, length, "dog" if depth[parent] < 2 else "raccoon"))
    if spec.is_meshed:
        links += _ties(made, reach)
    return SimulatedGrid(tuple(made), tuple(links))


def _parent(made: list[SimulatedSubstation], depth: dict[str, int], feeder: str, rng: np.random.Generator) -> str:
    able = [s.code for s in made if s.feeder == feeder and depth[s.code] < MAX_DEPTH]
    return str(rng.choice(able)) if able else SOURCE


def _substation(
    spec: SimulationSpec, i: int, feeder: str, parent: str, at: tuple[float, float], rng: np.random.Generator
) -> SimulatedSubstation:
    rated = int(rng.choice(list(STANDARD_SIZES)))
    no_load_w, load_w, impedance = STANDARD_SIZES[rated]
    shape = spec.shapes[int(rng.integers(len(spec.shapes)))]
    peak = float(rng.uniform(0.55, 0.8))
    steps = 1 if rng.random() < 0.25 else int(rng.integers(4, 8))
    code = f"SS-{i + 1:02d}"
    return SimulatedSubstation(
        code=code,
        name=f"Substation {i + 1}",
        site=f"Feeder {feeder[1:]}",
        latitude=at[0],
        longitude=at[1],
        feeder=feeder,
        parent=parent,
        rated_kva=float(rated),
        nominal_v=spec.lv_nominal_v,
        hv_nominal_v=spec.hv_nominal_v,
        no_load_loss_w=float(no_load_w),
        load_loss_w=float(load_w),
        impedance_pct=impedance,
        capacitor_bank_kvar=bank(shape, rated, peak, steps=steps),
        capacitor_steps=steps,
        load_shape=shape,
        peak_load_pu=peak,
    )


def _ties(made: list[SimulatedSubstation], reach: float) -> list[SimulatedLink]:
    """One open tie between the last substations of each pair of neighbouring feeders."""
    last = {substation.feeder: substation.code for substation in made}
    ends = list(last.values())
    pairs = list(pairwise(ends)) or ([(made[0].code, made[-1].code)] if len(made) > 2 else [])
    return [link(a, b, max(0.05, 1.2 * reach), "dog", is_closed=False) for a, b in pairs]
