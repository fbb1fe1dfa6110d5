"""The table of causes: what is the same for every episode of a cause. A cause is added here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.models import Cause

Text = str | Promise

METER_CHECKS: tuple[Text, ...] = (
    _("Compare the meter's display with a clamp meter on each phase."),
    _("Check the wiring of current and voltage transformers: order, direction, loose terminals, blown fuses."),
    _("Do not count the energy of this period until the meter has been put right."),
)

WIRING_CHECKS: tuple[Text, ...] = (
    _("Open the meter's phasor view: each current belongs within 60° of its own voltage, in the same order."),
    _("Short the secondaries of a current transformer before its terminals are opened."),
    _("Do not count the energy of this period; ask for it to be estimated from the readings before and after."),
)
SIGN_CHECKS: tuple[Text, ...] = (
    _("Compare the sign convention of the meter (IEC, IEEE, generator or load) with the setting of the logger."),
    _("Read kvar and power factor on the meter's display: with capacitors out a load is lagging."),
)


@dataclass(frozen=True, slots=True)
class CauseEntry:
    """A cause as people meet it; its name is the label of ``Cause``.

    quantity: what shows it, as the evidence and the readings name it; empty where it is no single one.
    in_sentence, first_check: its name and what to do about it within the sentence of a finding.
    checks: what an operator checks first, likeliest first; none needs the plant switched off.
    speaks_against: what would show that it is something else.
    """

    quantity: str = ""
    in_sentence: Text = ""
    first_check: Text = ""
    checks: tuple[Text, ...] = METER_CHECKS
    speaks_against: Text = ""


CAUSE_TABLE: dict[str, CauseEntry] = {
    Cause.CAPACITOR_FAILURE: CauseEntry(
        quantity="reactive_power_kvar",
        in_sentence=_("capacitor failure"),
        first_check=_("Check the capacitor bank's fuses, contactors and controller."),
        checks=(
            _("Read the power factor controller: which steps are in, which are blocked, is there an alarm?"),
            _("Check the fuses and contactors of each capacitor step, and look for swollen cans."),
            _("Measure the current of each step: a dead step draws nothing."),
        ),
        speaks_against=_(
            "Not a capacitor if the extra kvar come and go together with steps of kW, or if the bank "
            "still switches all its steps."
        ),
    ),
    Cause.OVER_COMPENSATION: CauseEntry(
        quantity="reactive_power_kvar",
        in_sentence=_("over-compensation"),
        first_check=_("Check the controller of the capacitor bank for steps that stay in at light load."),
        checks=(
            _("Read the power factor controller: are steps in by hand, or is its measured power factor wrong?"),
            _("Look for a contactor that is welded: its step stays in when the controller takes it out."),
            _("Was load or a motor taken away that a fixed capacitor belonged to? Then take its capacitor out."),
        ),
        speaks_against=_(
            "Not over-compensation if the kvar turned round at one moment at every load (then the wiring of the meter)."
        ),
    ),
    Cause.LOW_PF_MOTOR: CauseEntry(
        quantity="reactive_power_kvar",
        in_sentence=_("load with a low power factor, such as a lightly loaded motor"),
        first_check=_("Check which machine was started, its load and its own capacitor."),
        checks=(
            _(
                "Find what was switched on at the start time: "
                "a large motor, a welder, a pump without its own capacitor."
            ),
            _("Is that motor running lightly loaded? Below half load its power factor is poor."),
            _("Consider a capacitor at the motor, switched with it."),
        ),
        speaks_against=_("Not a motor if the extra kvar stay when the kW fall back, or came without any step of kW."),
    ),
    Cause.OVERLOAD: CauseEntry(
        quantity="active_power_kw",
        in_sentence=_("overload"),
        first_check=_("Check for a load transfer; move load or limit it."),
        checks=(
            _("Compare the apparent power with the transformer's rating and watch the oil temperature."),
            _("Move load to another transformer or to another hour."),
            _("Check that a neighbouring substation has not been transferred here."),
        ),
        speaks_against=_(
            "Not an overload if the neighbours' load rose alike, or if the extra kvar per kW are far from usual."
        ),
    ),
    Cause.PHASE_IMBALANCE: CauseEntry(
        quantity="imbalance_pct",
        in_sentence=_("phase imbalance"),
        first_check=_("Check the phase currents at the outgoing feeders and redistribute single-phase load."),
        checks=(
            _("Compare the three phase currents and find the single-phase load that was connected or lost."),
            _("Check for a blown fuse or a loose joint on the low phase."),
            _("Redistribute single-phase loads over the phases."),
        ),
        speaks_against=_("Not an imbalance if the sum of the phase currents no longer fits S (then the meter)."),
    ),
    Cause.HARMONIC_INJECTION: CauseEntry(
        quantity="thd_current_pct",
        in_sentence=_("harmonic injection"),
        first_check=_("Check drives, rectifiers and filters that were switched on; do not add plain capacitors."),
        checks=(
            _("Find the converter, drive or rectifier that runs at these times."),
            _("Check filters and detuned capacitor steps; plain capacitors can make it worse by resonance."),
            _("Have the spectrum measured before anything is bought."),
        ),
        speaks_against=_("Not harmonics if one phase alone shows it while the voltage THD stays (then the meter)."),
    ),
    Cause.TAP_VOLTAGE: CauseEntry(
        quantity="voltage_v",
        in_sentence=_("voltage or tap position"),
        first_check=_("Check the tap changer's position and the voltage setting."),
        checks=(
            _("Read the tap position and compare it with its neighbours and the setting sheet."),
            _("Check the voltage regulator's set point and bandwidth."),
        ),
        speaks_against=_("Not the tap if the neighbours' voltages moved by the same amount (then the supply)."),
    ),
    Cause.COOLING_FAILURE: CauseEntry(
        quantity="oil_temperature_c",
        in_sentence=_("cooling failure"),
        first_check=_("Check oil level, radiators, valves and fans."),
        checks=(
            _("Check oil level, radiator valves, fans and pumps, and anything that blocks the air."),
            _("Compare the gauge on the tank with the reading; reduce load if the oil keeps rising."),
        ),
        speaks_against=_(
            "Not the cooling if the neighbours' oil warmed alike (weather), or the reading jumped (then the sensor)."
        ),
    ),
    Cause.UNUSUAL: CauseEntry(
        checks=(
            _("Look at which channels differ from what was expected, and since when."),
            _("Was something changed, tested or connected at that time?"),
        ),
    ),
    Cause.DATA_MISSING: CauseEntry(
        checks=(
            _("Does the meter have power, and does its display show values?"),
            _("Is the data logger or gateway running, and can it be reached?"),
            _("Has its time, its password or its address been changed?"),
        ),
    ),
    Cause.GENERATION: CauseEntry(
        checks=(
            _("Ask whether a solar plant was put into service, and since when."),
            _("Learn again from that day, so that the plant belongs to what is usual."),
            _("Do not add capacitors for this: kvar are as before, only the imported kW fell."),
        ),
    ),
    Cause.POWER_DIRECTION: CauseEntry(
        checks=(
            _("Does this substation feed in by day and night (hydro, wind, a power station)? Then say so here."),
            _("Otherwise look at the current transformers: reversed, they show a load as export."),
            _("Do not count the energy of this period until the question is answered."),
        ),
    ),
    Cause.REVERSED_CTS: CauseEntry(checks=WIRING_CHECKS),
    Cause.SWAPPED_PHASES: CauseEntry(checks=WIRING_CHECKS),
    Cause.ROTATED_PHASES: CauseEntry(checks=WIRING_CHECKS),
    Cause.REACTIVE_SIGN: CauseEntry(quantity="reactive_power_kvar", checks=SIGN_CHECKS),
    Cause.POWER_FACTOR_SIGN: CauseEntry(checks=SIGN_CHECKS),
    Cause.DEAD_PHASE: CauseEntry(quantity="imbalance_pct"),
    Cause.CT_ERROR: CauseEntry(quantity="imbalance_pct"),
    Cause.REVERSED_CT: CauseEntry(quantity="imbalance_pct"),
    Cause.VT_ERROR: CauseEntry(quantity="voltage_v"),
    Cause.TEMPERATURE_SENSOR: CauseEntry(quantity="oil_temperature_c"),
    Cause.BROKEN_TRIANGLE: CauseEntry(),
    Cause.POWER_FACTOR_METER: CauseEntry(),
    Cause.STUCK_VALUE: CauseEntry(),
    Cause.IMPOSSIBLE_VALUE: CauseEntry(),
}


def entry_of(cause: str) -> CauseEntry:
    """The entry of a cause; a plain one for a cause that only an older or newer version knows."""
    return CAUSE_TABLE.get(cause, CauseEntry())


def checks_of(cause: str) -> tuple[Text, ...]:
    """What an operator checks first."""
    return entry_of(cause).checks
