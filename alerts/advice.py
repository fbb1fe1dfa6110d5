"""What an operator checks first, by cause: plain steps, likeliest first; none needs the plant switched off."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.models import Cause

METER = [
    _("Compare the meter's display with a clamp meter on each phase."),
    _("Check the wiring of current and voltage transformers: order, direction, loose terminals, blown fuses."),
    _("Do not count the energy of this period until the meter has been put right."),
]

CHECKS: dict[str, Sequence[str | Promise]] = {
    Cause.CAPACITOR_FAILURE: [
        _("Read the power factor controller: which steps are in, which are blocked, is there an alarm?"),
        _("Check the fuses and contactors of each capacitor step, and look for swollen cans."),
        _("Measure the current of each step: a dead step draws nothing."),
    ],
    Cause.LOW_PF_MOTOR: [
        _("Find what was switched on at the start time: a large motor, a welder, a pump without its own capacitor."),
        _("Is that motor running lightly loaded? Below half load its power factor is poor."),
        _("Consider a capacitor at the motor, switched with it."),
    ],
    Cause.OVERLOAD: [
        _("Compare the apparent power with the transformer's rating and watch the oil temperature."),
        _("Move load to another transformer or to another hour."),
        _("Check that a neighbouring substation has not been transferred here."),
    ],
    Cause.PHASE_IMBALANCE: [
        _("Compare the three phase currents and find the single-phase load that was connected or lost."),
        _("Check for a blown fuse or a loose joint on the low phase."),
        _("Redistribute single-phase loads over the phases."),
    ],
    Cause.HARMONIC_INJECTION: [
        _("Find the converter, drive or rectifier that runs at these times."),
        _("Check filters and detuned capacitor steps; plain capacitors can make it worse by resonance."),
        _("Have the spectrum measured before anything is bought."),
    ],
    Cause.TAP_VOLTAGE: [
        _("Read the tap position and compare it with its neighbours and the setting sheet."),
        _("Check the voltage regulator's set point and bandwidth."),
    ],
    Cause.COOLING_FAILURE: [
        _("Check oil level, radiator valves, fans and pumps, and anything that blocks the air."),
        _("Compare the gauge on the tank with the reading; reduce load if the oil keeps rising."),
    ],
    Cause.UNUSUAL: [
        _("Look at which channels differ from what was expected, and since when."),
        _("Was something changed, tested or connected at that time?"),
    ],
}


def checks(cause: str) -> Sequence[str | Promise]:
    """The check list of a cause; every meter finding shares one."""
    return CHECKS.get(cause, METER)
