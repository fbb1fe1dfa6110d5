"""What becomes of the energy that is supplied, as bands from left to right. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, GAP = 600.0, 200.0, 12.0
BAR = 14.0
SUPPLIED_X, SPLIT_X, LOST_X = 0.0, 270.0, WIDTH - BAR


@dataclass(frozen=True, slots=True)
class FlowBand:
    """One band with what it stands for; ``path`` and the bar at its end in units of the drawing."""

    code: str
    kwh: float
    share: float
    path: str
    bar_x: float
    bar_y: float
    bar_height: float


@dataclass(frozen=True, slots=True)
class LossFlow:
    """supplied_kwh splits into what is drawn and what is lost; what is lost, ``magnified`` so many times, into parts.

    is_complete: False where the losses of the lines are not known: then they are missing on both sides.
    """

    supplied_kwh: float
    lost_kwh: float
    magnified: float
    bands: tuple[FlowBand, ...]
    is_complete: bool


def loss_flow(figures: Mapping[str, Any]) -> LossFlow | None:
    """From the public figures of a scope; None where nothing was drawn.

    Supplied is what the meters show, what the transformers lose and what the lines lose (docs/losses.md). The avoidable
    part is of the load losses; of several substations it is an upper bound, and never drawn larger than those.
    """
    drawn = float(figures["energy_import_kwh"] or 0.0)
    no_load, load = (float(figures[name] or 0.0) for name in ("no_load_loss_kwh", "load_loss_kwh"))
    lines, avoidable = (float(figures[name] or 0.0) for name in ("feeder_loss_kwh", "avoidable_loss_kwh"))
    lost = no_load + load + lines
    supplied = drawn + lost
    if drawn <= 0 or lost <= 0:
        return None
    avoidable = min(avoidable, load + lines)
    kept = 1 - avoidable / (load + lines) if load + lines else 1.0
    split = _bands((SUPPLIED_X, SPLIT_X), 0.0, HEIGHT, [("drawn", drawn), ("lost", lost)], supplied, supplied)
    parts = [("no_load", no_load), ("load", load * kept), ("lines", lines * kept), ("avoidable", avoidable)]
    entry = split[1]
    spread = _bands((SPLIT_X + BAR, LOST_X), entry.bar_y, entry.bar_height, parts, lost, supplied)
    magnified = supplied / lost
    return LossFlow(supplied, lost, magnified, (*split, *spread), figures["feeder_loss_kwh"] is not None)


def _bands(
    x: tuple[float, float], top: float, height: float, parts: Sequence[tuple[str, float]], total: float, whole: float
) -> tuple[FlowBand, ...]:
    """Bands that leave a bar (``top``, ``height``) side by side and end with gaps between them."""
    start_x, end_x = x[0] + (BAR if x[0] == SUPPLIED_X else 0.0), x[1]
    free_height = HEIGHT - GAP * (len(parts) - 1)
    found, start_y, end_y = [], top, 0.0
    for code, kwh in parts:
        thick, wide = height * kwh / total, free_height * kwh / total
        path = _band_path(start_x, start_y, thick, end_x, end_y, wide)
        found.append(FlowBand(code, kwh, kwh / whole, path, end_x, round(end_y, 2), max(round(wide, 2), 0.5)))
        start_y, end_y = start_y + thick, end_y + wide + GAP
    return tuple(found)


def _band_path(x1: float, y1: float, height1: float, x2: float, y2: float, height2: float) -> str:
    """Two curves that leave and arrive level, and the area between them."""
    middle = (x1 + x2) / 2
    return (
        f"M{x1:.1f} {y1:.2f}C{middle:.1f} {y1:.2f} {middle:.1f} {y2:.2f} {x2:.1f} {y2:.2f}"
        f"V{y2 + height2:.2f}C{middle:.1f} {y2 + height2:.2f} {middle:.1f} {y1 + height1:.2f} "
        f"{x1:.1f} {y1 + height1:.2f}Z"
    )
