"""Flows and losses of the lines between the grid supply and the transformers, and whose loss is whose.

``power-grid-model`` solves the AC power flow of all steps in one batch. Each transformer is a load on the high-voltage
side: what its meter measured, its own losses and its own reactive power.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from power_grid_model import ComponentType, LoadGenType, PowerGridModel, initialize_array

from substations.electrical.power import FloatArray
from substations.electrical.topology import Feeder, Segment

MAX_SUPPLY_ERROR = 0.1
"""EN 50160: a supply stays within 10 % of nominal; what seems further off is a wrong nominal voltage, not a supply."""

MIN_OHM = 1e-4
"""Chosen: a metre of line, for a section whose impedance is given as nothing."""

# Chosen: more short-circuit power than any grid has, so that the supply holds the voltage that it is given.
STIFF_VA = 1e12

_FIRST_LINE, _FIRST_LOAD, _SOURCE = 1_000_000, 2_000_000, 3_000_000


@dataclass(frozen=True)
class NetworkFlows:
    """Power flow of one supplied part of the network, on the high-voltage side; NaN where none exists.

    feeder: its lines and who is behind them. load_kw, load_kvar: [member, time], what the transformers draw.
    supply_pu, source_kw: [time], voltage and power of the supply. loss_kw, flow_kw, flow_kvar, end_pu: [line, time],
    the loss, the power that leaves the line at its end, and the voltage there.
    """

    feeder: Feeder
    nominal_v: float
    load_kw: FloatArray
    load_kvar: FloatArray
    supply_pu: FloatArray
    source_kw: FloatArray
    loss_kw: FloatArray
    flow_kw: FloatArray
    flow_kvar: FloatArray
    end_pu: FloatArray

    @cached_property
    def r_per_kw(self) -> FloatArray:
        """[line, time] loss over the square of the power at the line's end: R/U², in kW per kVA²."""
        return np.asarray(self.feeder.r_ohm[:, None] * 1000.0 / (self.nominal_v * self.end_pu) ** 2)

    def shares(self) -> FloatArray:
        """[line, member, time] whose loss it is; adds up to 1 over the members of each line.

        The part of a line's current that is in phase with a member's own: (P·Pk + Q·Qk) / (Pk² + Qk²), Pk and Qk being
        what all members behind the line draw. A member that feeds in against the flow has a negative share.
        """
        own_kw = self.feeder.carries[:, :, None] * self.load_kw
        own_kvar = self.feeder.carries[:, :, None] * self.load_kvar
        all_kw, all_kvar = own_kw.sum(axis=1, keepdims=True), own_kvar.sum(axis=1, keepdims=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = (own_kw * all_kw + own_kvar * all_kvar) / (all_kw**2 + all_kvar**2)
        return np.where(np.isfinite(share), share, 0.0)

    def allocated_kw(self, weight: FloatArray | float = 1.0) -> FloatArray:
        """[member, time] its share of the losses of all lines above it; ``weight`` [line, time] scales them."""
        return np.asarray(np.einsum("lmt,lt->mt", self.shares(), self.loss_kw * weight))


def solve(
    feeder: Feeder, nominal_v: float, load_kw: FloatArray, load_kvar: FloatArray, supply_pu: FloatArray
) -> NetworkFlows:
    """The power flow of a feeder at every step; loads [member, time] on the high-voltage side, without NaN."""
    names = _node_names(feeder.segments)
    model = PowerGridModel(_network(feeder, names, nominal_v))
    steps = load_kw.shape[1]
    update: dict[Any, Any] = {
        ComponentType.sym_load: _update(
            "sym_load", steps, _load_ids(feeder), p_specified=load_kw, q_specified=load_kvar
        ),
        ComponentType.source: _update("source", steps, np.array([_SOURCE]), u_ref=supply_pu[None] / 1000.0),
    }
    result = model.calculate_power_flow(
        update_data=update,
        output_component_types={
            ComponentType.line: ["p_from", "p_to", "q_to"],
            ComponentType.node: ["u_pu"],
            ComponentType.source: ["p"],
        },
        continue_on_batch_error=True,
        threading=0,
    )
    _forget_unsolved(model, result)
    line, node = result[ComponentType.line], result[ComponentType.node]
    ends = [names[segment.target] for segment in feeder.segments]
    return NetworkFlows(
        feeder=feeder,
        nominal_v=nominal_v,
        load_kw=load_kw,
        load_kvar=load_kvar,
        supply_pu=supply_pu,
        source_kw=result[ComponentType.source]["p"][:, 0] / 1000.0,
        loss_kw=(line["p_from"] + line["p_to"]).T / 1000.0,
        flow_kw=-line["p_to"].T / 1000.0,
        flow_kvar=-line["q_to"].T / 1000.0,
        end_pu=node["u_pu"][:, ends].T,
    )


def _forget_unsolved(model: PowerGridModel, result: Mapping[Any, Any]) -> None:
    """Steps without an operating point, as with a load that no line can carry: the solver leaves anything there."""
    if model.batch_error is not None:
        for column in (column for table in result.values() for column in table.values()):
            column[model.batch_error.failed_scenarios] = np.nan


def _node_names(segments: tuple[Segment, ...]) -> dict[str | None, int]:
    """Nodes by name, the supply (None) first."""
    named = {name for segment in segments for name in (segment.source, segment.target) if name is not None}
    return {None: 0} | {name: number for number, name in enumerate(sorted(named), start=1)}


def _load_ids(feeder: Feeder) -> Any:
    return _FIRST_LOAD + np.arange(len(feeder.members))


def _network(feeder: Feeder, names: Mapping[str | None, int], nominal_v: float) -> dict[Any, Any]:
    node = initialize_array("input", "node", len(names))
    node["id"], node["u_rated"] = np.arange(len(names)), nominal_v
    line = initialize_array("input", "line", len(feeder.segments))
    line["id"] = _FIRST_LINE + np.arange(len(feeder.segments))
    line["from_node"] = [names[segment.source] for segment in feeder.segments]
    line["to_node"] = [names[segment.target] for segment in feeder.segments]
    line["from_status"] = line["to_status"] = 1
    line["r1"], line["x1"] = np.maximum(feeder.r_ohm, MIN_OHM), np.maximum(feeder.x_ohm, MIN_OHM)
    line["c1"] = line["tan1"] = 0.0
    load = initialize_array("input", "sym_load", len(feeder.members))
    load["id"], load["node"], load["status"] = _load_ids(feeder), [names[code] for code in feeder.codes], 1
    load["type"] = LoadGenType.const_power
    source = initialize_array("input", "source", 1)
    source["id"], source["node"], source["status"], source["u_ref"], source["sk"] = _SOURCE, 0, 1, 1.0, STIFF_VA
    return {
        ComponentType.node: node,
        ComponentType.line: line,
        ComponentType.sym_load: load,
        ComponentType.source: source,
    }


def _update(component: str, steps: int, ids: Any, **kilo: FloatArray) -> Any:
    """What changes from step to step, [component, time] in thousands of the unit of the solver."""
    changes = initialize_array("update", component, (steps, len(ids)))
    changes["id"] = ids
    for name, values in kilo.items():
        changes[name] = 1000.0 * values.T
    return changes
