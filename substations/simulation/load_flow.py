"""The three-phase power flow: grid and loads in, voltages, currents and losses out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from power_grid_model import (
    ComponentType,
    DatasetType,
    LoadGenType,
    PowerGridModel,
    WindingType,
    initialize_array,
)
from power_grid_model.errors import PowerGridError

from .arrays import Floats, Integers, Records
from .equipment import Units
from .simulated_grid import SOURCE, SimulatedGrid
from .spec import SpecError

TAP_STEP = 0.025
MAX_TAP = 6
SOURCE_FAULT_LEVEL_VA = 200e6
ZERO_SEQUENCE_RATIO = 3.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Fundamental quantities [time, substation, phase] on the low-voltage side, per segment and in total."""

    power_kw: Floats
    reactive_kvar: Floats
    current_a: Floats
    phase_v: Floats
    line_v: Floats
    high_voltage_pu: Floats  # [time, substation]
    segment_kw: Floats  # [time, substation] into the segment that feeds the substation
    segment_kvar: Floats
    segment_loss_kw: Floats
    transformer_loss_kw: Floats  # at 75 °C, without harmonics
    source_kw: Floats  # [time]


class Network:
    """One model of the grid; ``solve`` runs a batch of steps.

    Components are numbered: nodes 0 (source), 1..n (high voltage), n+1..2n (low voltage), the rest from 10,000.
    Every low-voltage node carries a constant-power load, a constant-impedance load and the capacitor bank,
    whose kvar thus goes with the square of the voltage.
    """

    def __init__(self, grid: SimulatedGrid, units: Units, nominal_hz: float, base_taps: Integers) -> None:
        self.count = units.count
        self.units, self.base_taps = units, base_taps
        names = ("nodes", "lines", "transformers", "power", "impedance", "bank", "source")
        self._first = {name: 10_000 * i for i, name in enumerate(names)}
        self.hv_v = grid.substations[0].hv_nominal_v
        self.lv_v = grid.substations[0].nominal_v
        self._model = PowerGridModel(
            {
                ComponentType.node: self._nodes(),
                ComponentType.line: self._lines(grid),
                ComponentType.transformer: self._transformers(),
                ComponentType.asym_load: self._loads(),
                ComponentType.sym_load: self._banks(),
                ComponentType.source: self._source(),
            },
            system_frequency=nominal_hz,
        )

    def _ids(self, name: str) -> Integers:
        return self._first[name] + np.arange(self.count)

    def _nodes(self) -> Records:
        node: Records = initialize_array(DatasetType.input, ComponentType.node, 1 + 2 * self.count)
        node["id"] = np.arange(1 + 2 * self.count)
        node["u_rated"] = np.where(node["id"] <= self.count, self.hv_v, self.lv_v)
        return node

    def _lines(self, grid: SimulatedGrid) -> Records:
        nodes = {SOURCE: 0} | {code: 1 + i for i, code in enumerate(grid.codes)}
        incoming = grid.incoming()
        line: Records = initialize_array(DatasetType.input, ComponentType.line, self.count)
        line["id"] = self._ids("lines")
        line["from_node"] = [nodes[link.from_node] for link in incoming]
        line["to_node"] = [nodes[link.to_node] for link in incoming]
        line["from_status"] = line["to_status"] = 1
        line["r1"] = [link.r_ohm for link in incoming]
        line["x1"] = [link.x_ohm for link in incoming]
        line["r0"], line["x0"] = line["r1"] * ZERO_SEQUENCE_RATIO, line["x1"] * ZERO_SEQUENCE_RATIO
        line["c1"] = line["c0"] = line["tan1"] = line["tan0"] = 0.0
        return line

    def _transformers(self) -> Records:
        units = self.units
        t: Records = initialize_array(DatasetType.input, ComponentType.transformer, self.count)
        t["id"] = self._ids("transformers")
        t["from_node"] = 1 + np.arange(self.count)
        t["to_node"] = 1 + self.count + np.arange(self.count)
        t["from_status"] = t["to_status"] = 1
        t["u1"], t["u2"], t["sn"] = self.hv_v, self.lv_v, units.rated_kva * 1000
        t["uk"], t["pk"], t["p0"], t["i0"] = units.impedance_pu, units.load_w, units.no_load_w, units.magnetising_pu
        t["winding_from"], t["winding_to"], t["clock"] = WindingType.delta, WindingType.wye_n, 11
        t["tap_side"], t["tap_pos"], t["tap_nom"] = 0, -self.base_taps, 0
        t["tap_min"], t["tap_max"], t["tap_size"] = -MAX_TAP, MAX_TAP, TAP_STEP * self.hv_v
        return t

    def _loads(self) -> Records:
        load: Records = initialize_array(DatasetType.input, ComponentType.asym_load, 2 * self.count)
        load["id"] = np.concatenate([self._ids("power"), self._ids("impedance")])
        load["node"] = np.tile(1 + self.count + np.arange(self.count), 2)
        load["status"], load["p_specified"], load["q_specified"] = 1, 0.0, 0.0
        load["type"] = np.repeat([LoadGenType.const_power, LoadGenType.const_impedance], self.count)
        return load

    def _banks(self) -> Records:
        load: Records = initialize_array(DatasetType.input, ComponentType.sym_load, self.count)
        load["id"], load["node"] = self._ids("bank"), 1 + self.count + np.arange(self.count)
        load["status"], load["type"] = 1, LoadGenType.const_impedance
        load["p_specified"], load["q_specified"] = 0.0, 0.0
        return load

    def _source(self) -> Records:
        source: Records = initialize_array(DatasetType.input, ComponentType.source, 1)
        source["id"], source["node"], source["status"], source["u_ref"] = self._first["source"], 0, 1, 1.0
        source["sk"], source["rx_ratio"], source["z01_ratio"] = SOURCE_FAULT_LEVEL_VA, 0.1, 1.0
        return source

    def solve(
        self,
        power_kw: Floats,
        reactive_kvar: Floats,
        bank_kvar: Floats,
        source_pu: Floats,
        tap_steps: Integers,
    ) -> Flow:
        """Power flow of every step.

        Args:
            power_kw, reactive_kvar: [time, substation, phase] demand at nominal voltage.
            bank_kvar: [time, substation] rated kvar connected.
            source_pu: [time] voltage of the source.
            tap_steps: [time, substation] steps of 2.5 % on top of the base tap; positive raises the low voltage.

        Raises:
            SpecError: the lines can't carry the load.
        """
        update = {
            ComponentType.asym_load: self._load_update(power_kw, reactive_kvar),
            ComponentType.sym_load: self._bank_update(bank_kvar),
            ComponentType.source: self._source_update(source_pu),
        }
        if tap_steps.any():
            update[ComponentType.transformer] = self._tap_update(tap_steps)
        wanted = [ComponentType.node, ComponentType.line, ComponentType.transformer]
        try:
            output = self._model.calculate_power_flow(
                symmetric=False, update_data=update, output_component_types=wanted, threading=-1, max_iterations=50
            )
        except PowerGridError as error:
            raise SpecError(
                f"The power flow has no solution: a load (up to {power_kw.sum(axis=(1, 2)).max():.0f} kW in all) is "
                "more than the lines can carry. Use a higher hv_nominal_v or smaller events."
            ) from error
        return self._flow(output[ComponentType.node], output[ComponentType.line], output[ComponentType.transformer])

    def _load_update(self, power_kw: Floats, reactive_kvar: Floats) -> Records:
        steps, n = len(power_kw), self.count
        share = self.units.impedance_share[:, None]
        load: Records = initialize_array(DatasetType.update, ComponentType.asym_load, (steps, 2 * n))
        load["id"] = np.concatenate([self._ids("power"), self._ids("impedance")])
        for field, kilo in (("p_specified", power_kw), ("q_specified", reactive_kvar)):
            load[field][:, :n] = kilo * 1000 * (1 - share)
            load[field][:, n:] = kilo * 1000 * share
        return load

    def _bank_update(self, bank_kvar: Floats) -> Records:
        load: Records = initialize_array(DatasetType.update, ComponentType.sym_load, bank_kvar.shape)
        load["id"], load["p_specified"], load["q_specified"] = self._ids("bank"), 0.0, -bank_kvar * 1000
        return load

    def _source_update(self, source_pu: Floats) -> Records:
        source: Records = initialize_array(DatasetType.update, ComponentType.source, (len(source_pu), 1))
        source["id"], source["u_ref"] = self._first["source"], source_pu[:, None]
        return source

    def _tap_update(self, tap_steps: Integers) -> Records:
        tap: Records = initialize_array(DatasetType.update, ComponentType.transformer, tap_steps.shape)
        tap["id"] = self._ids("transformers")
        # A higher tap position on the high-voltage side lowers the low voltage.
        tap["tap_pos"] = np.clip(-self.base_taps - tap_steps, -MAX_TAP, MAX_TAP)
        return tap

    def _flow(self, node: Records, line: Records, transformer: Records) -> Flow:
        n = self.count
        low = node[:, 1 + n :]
        phasor = low["u"] * np.exp(1j * low["u_angle"])
        return Flow(
            power_kw=-transformer["p_to"] / 1000,
            reactive_kvar=-transformer["q_to"] / 1000,
            current_a=transformer["i_to"],
            phase_v=low["u"],
            line_v=np.abs(phasor - np.roll(phasor, -1, axis=-1)),
            high_voltage_pu=node[:, 1 : 1 + n]["u_pu"].mean(axis=-1),
            segment_kw=line["p_from"].sum(axis=-1) / 1000,
            segment_kvar=line["q_from"].sum(axis=-1) / 1000,
            segment_loss_kw=(line["p_from"] + line["p_to"]).sum(axis=-1) / 1000,
            transformer_loss_kw=(transformer["p_from"] + transformer["p_to"]).sum(axis=-1) / 1000,
            source_kw=node[:, 0]["p"].sum(axis=-1) / 1000,
        )
