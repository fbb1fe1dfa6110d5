"""First-order autoregressive noise that continues across blocks of a day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Floats

# name -> (time constant in hours, columns per substation; 0 means one column for the whole grid)
PROCESSES: dict[str, tuple[float, int]] = {
    "load_fast": (0.4, 1),
    "load_slow": (18.0, 1),
    "tan_phi": (1.5, 1),
    "phase": (6.0, 3),
    "thd": (2.0, 1),
    "thd_phase": (1.0, 3),
    "duty": (4.0, 1),
    "weather": (40.0, 0),
    "source_voltage": (2.0, 0),
    "background_thd": (5.0, 0),
    "frequency": (0.15, 0),
}


@dataclass(frozen=True, slots=True)
class NoiseBank:
    """All processes of unit variance side by side, so that one recursion over time serves them all."""

    substations: int
    step_s: int

    def _widths(self) -> list[int]:
        return [max(1, per * self.substations) for _, per in PROCESSES.values()]

    def persistence(self) -> Floats:
        """Per column, the correlation of one step with the next."""
        hours = np.repeat([tau for tau, _ in PROCESSES.values()], self._widths())
        return np.exp(-self.step_s / 3600 / hours)

    def initial(self, rng: np.random.Generator) -> Floats:
        return rng.standard_normal(sum(self._widths()))

    def run(self, state: Floats, steps: int, rng: np.random.Generator) -> tuple[dict[str, Floats], Floats]:
        """Advance by ``steps``: each process as [time], [time, substation] or [time, substation, 3]; the state."""
        persistence = self.persistence()
        series = rng.standard_normal((steps, len(persistence))) * np.sqrt(1 - persistence**2)
        for row in series:
            row += persistence * state
            state = row
        return self._split(series), series[-1].copy()

    def _split(self, series: Floats) -> dict[str, Floats]:
        ends = np.cumsum(self._widths())
        parts = np.split(series, ends[:-1], axis=1)
        shapes = {0: (-1,), 1: (len(series), -1), 3: (len(series), self.substations, 3)}
        return {
            name: part.reshape(shapes[per]) for (name, (_, per)), part in zip(PROCESSES.items(), parts, strict=True)
        }
