"""Draws the two pictures of engine.md: ``python docs/draw_engine.py`` from the top of the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.engine_speed import hours_of_day, made_up_record
from mlcore.engine import PrincipalComponents

IMAGES = Path(__file__).parent / "img"
STYLE = (
    "<style>text{font:13px sans-serif;fill:#1f2a33}.s{font-size:11px;fill:#5a6872}.b{fill:#eef3f6;stroke:#7d909c}"
    ".n{fill:#dbe9f4;stroke:#2f6f9f}.a{stroke:#5a6872;stroke-width:1.4;fill:none;marker-end:url(#h)}"
    "@media(prefers-color-scheme:dark){text{fill:#e4eaee}.s{fill:#a5b3bd}.b{fill:#24313a}.n{fill:#1d3c55}}</style>"
    '<defs><marker id="h" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0L8 4L0 8z" fill="#5a6872"/></marker></defs>'
)


def svg(width: int, height: int, label: str, *parts: str) -> str:
    """A picture with a description for those who cannot see it."""
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">\n'
        f"{STYLE}\n{body}\n</svg>\n"
    )


def box(x: int, y: int, width: int, title: str, below: str, kind: str = "b") -> str:
    """A box with a title and a line of small print."""
    middle = x + width // 2
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="52" rx="6"/>'
        f'<text x="{middle}" y="{y + 22}" text-anchor="middle">{title}</text>'
        f'<text class="s" x="{middle}" y="{y + 40}" text-anchor="middle">{below}</text>'
    )


def arrow(*points: tuple[int, int]) -> str:
    """A line through the points with a head at the last one."""
    return '<path class="a" d="M' + " L".join(f"{x} {y}" for x, y in points) + '"/>'


def network() -> str:
    """How a window goes through the network, and where the substation axis is."""
    return svg(
        820,
        206,
        "A window of residual channels and context goes through an encoder GRU, a bottleneck and a decoder GRU",
        box(10, 40, 150, "window", "24 rows × channels"),
        box(200, 40, 140, "encoder GRU", "W [substation, …]", "n"),
        box(380, 40, 110, "bottleneck", "2 to 8 numbers", "n"),
        box(530, 40, 140, "decoder GRU", "W [substation, …]", "n"),
        box(700, 40, 110, "rebuilt", "24 × channels"),
        box(200, 130, 470, "context: hour of the day, weekend", "read by both sides, not rebuilt"),
        arrow((160, 66), (198, 66)),
        arrow((340, 66), (378, 66)),
        arrow((490, 66), (528, 66)),
        arrow((670, 66), (698, 66)),
        arrow((270, 130), (270, 94)),
        arrow((600, 130), (600, 94)),
        arrow((755, 40), (755, 18), (85, 18), (85, 38)),
        '<text class="s" x="420" y="14" text-anchor="middle">error per channel → score of the newest row</text>',
    )


def score() -> str:
    """A made-up record with a fault: one channel, and the score against its threshold."""
    values, context = made_up_record(1, 1400, 4, seed=3), hours_of_day(1400)
    model = PrincipalComponents(window_steps=16, latent=4).fit(values[:, :1000], context=context[:1000])
    values[0, 1150:1230, 1] += 5.0 * model.scaler_.spread[0, 1]
    scores = model.score(values, context=context)[0, 1000:] / model.threshold_[0]
    channel = values[0, 1000:, 1]
    return svg(
        820,
        330,
        "A channel with a fault of twenty hours, and the score that rises above its threshold",
        '<rect x="322" y="20" width="152" height="290" fill="#e0a030" opacity="0.18"/>',
        '<text x="40" y="16">one of four channels; the fault is shaded</text>',
        line(channel, float(channel.min()), float(channel.max()), 30, 130, "#2f6f9f"),
        '<text x="40" y="186">score ÷ threshold</text>',
        line(scores, 0.0, float(np.nanmax(scores)), 195, 110, "#b03a2e"),
        threshold_line(float(np.nanmax(scores)), 195, 110),
        '<text class="s" x="742" y="325">100 hours</text>',
    )


def line(values: np.ndarray, low: float, high: float, top: int, height: int, colour: str) -> str:
    """A curve over the width of the picture."""
    at = 37 + 2.0 * np.arange(len(values)) * (760 / 800)
    level = top + height * (1.0 - (values - low) / (high - low))
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(at, level, strict=True) if np.isfinite(y))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.3"/>'


def threshold_line(high: float, top: int, height: int) -> str:
    """The level 1.0, dashed."""
    level = top + height * (1.0 - 1.0 / high)
    return f'<path d="M37 {level:.1f}H797" stroke="#5a6872" stroke-dasharray="5 4"/>'


def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "engine-network.svg").write_text(network(), encoding="utf-8")
    (IMAGES / "engine-score.svg").write_text(score(), encoding="utf-8")


if __name__ == "__main__":
    main()
