"""What a page says of one version beside its range: figures with names and units."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from substations.models import Reading, Substation

from .models import Detection, Detector


def card(detector: Detector) -> list[tuple[str, str]]:
    """Label and value of each figure that was stored with a version; an unknown one keeps its own name."""
    labels = {
        "expected_false_alarms_per_month": _("Expected false alarms per month"),
        "older_readings_left_out": _("Older readings left out, for want of memory"),
        "network_windows": _("Windows the network learned from"),
        "network_window_steps": _("Readings in a window"),
        "network_heldout_error": _("Held-out reconstruction error"),
        "network_threshold": _("Network threshold"),
        "network_unusual_slots_per_month": _("Held-out rows above it, per month"),
        "network_channels": _("Channels of the network"),
        "held_out_abnormal_share": _("Abnormal among held-out normal rows"),
        "held_out_abnormal_share_before": _("The same of the version before"),
        "known_episodes": _("Known episodes"),
        "known_episodes_found": _("Of these found"),
        "known_episodes_found_before": _("Found by the version before"),
    }
    return [(labels.get(name, name.replace("_", " ")), _value(value)) for name, value in detector.metrics.items()]


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    return str(value).replace("_", " ")


def observed_false_alarms(substation: Substation) -> int:
    """Episodes of the last 90 days of readings that operators resolved as false alarms."""
    newest = Reading.objects.for_substation(substation).newest(1).values_list("at", flat=True).first()
    if newest is None:
        return 0
    recent = Detection.objects.standing().filter(substation=substation, start__gt=newest - timedelta(days=90))
    return recent.filter(verdict=Detection.Verdict.FALSE_ALARM).count()
