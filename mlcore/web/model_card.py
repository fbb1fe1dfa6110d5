"""What a page says of one version beside its range: figures with names and units."""

from __future__ import annotations

from datetime import timedelta

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from core.formatting import figure
from mlcore.autoencoders import INFORMATION
from mlcore.models import Detection, Detector
from substations.models import Reading, Substation


def card(detector: Detector) -> list[tuple[str, str]]:
    """Label and value of each figure that was stored with a version; an unknown one keeps its own name."""
    labels = _labels()
    return [(labels.get(name, name.replace("_", " ")), _value(value)) for name, value in detector.metrics.items()]


def side_by_side(left: Detector, right: Detector) -> list[tuple[str, str, str]]:
    """Label, and the value of each of two versions: what they learned from, then every figure that either has."""
    rows = [
        (_("Model tier"), left.get_tier_display(), right.get_tier_display()),
        (_("Days trained on"), _value(_days(left)), _value(_days(right))),
        (_("Readings"), _value(left.row_count), _value(right.row_count)),
        (_("Excluded"), _value(left.excluded_count), _value(right.excluded_count)),
    ]
    labels = _labels()
    names = [*left.metrics, *(name for name in right.metrics if name not in left.metrics)]
    return rows + [
        (labels.get(name, name.replace("_", " ")), _value(left.metrics.get(name)), _value(right.metrics.get(name)))
        for name in names
    ]


def _days(detector: Detector) -> float:
    return (detector.trained_until - detector.trained_from) / timedelta(days=1)


def _labels() -> dict[str, str]:
    return {
        "expected_false_alarms_per_month": _("Expected false alarms per month"),
        "left_out_before_learn_from": _("Excluded: before the date to learn from"),
        "left_out_known_episodes": _("Excluded: known episodes"),
        "left_out_planned_work": _("Excluded: planned work"),
        "left_out_looked_abnormal": _("Excluded: looked abnormal"),
        "believable_hours": _("Valid hours it was trained on"),
        "warning": _("Warning"),
        "older_readings_left_out": _("Older readings excluded to save memory"),
        "network_windows": _("Windows the network was trained on"),
        "network_window_steps": _("Readings in a window"),
        "network_heldout_error": _("Reconstruction error on holdout readings"),
        "network_threshold": _("Network threshold"),
        "network_unusual_slots_per_month": _("Holdout readings above it, per month"),
        INFORMATION: _("What the network tells of causes on holdout readings (%; 0: nothing, 100: everything)"),
        "network_channels": _("Channels of the network"),
        "held_out_abnormal_share": _("Abnormal among normal holdout readings"),
        "held_out_abnormal_share_before": _("Previous version"),
        "known_episodes": _("Known episodes"),
        "known_episodes_found": _("Of these detected"),
        "known_episodes_found_before": _("Detected by the previous version"),
    }


def _value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return figure(value) if isinstance(value, float) else number_format(value, force_grouping=True)
    return str(value).replace("_", " ")


def observed_false_alarms(substation: Substation) -> int:
    """Episodes of the last 90 days of readings that operators resolved as false alarms."""
    newest = Reading.objects.for_substation(substation).newest(1).values_list("at", flat=True).first()
    if newest is None:
        return 0
    recent = Detection.objects.not_withdrawn().filter(substation=substation, start__gt=newest - timedelta(days=90))
    return recent.filter(verdict=Detection.Verdict.FALSE_ALARM).count()
