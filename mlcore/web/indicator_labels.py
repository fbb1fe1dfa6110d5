"""What people call the windowed quantities that the detection looks at."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

INDICATOR_LABELS: dict[str, str | Promise] = {
    "reactive": _("Reactive power"),
    "motor": _("kvar that follow kW"),
    "distortion": _("Harmonics"),
    "imbalance": _("Phase imbalance"),
    "voltage": _("Voltage"),
    "oil_temperature": _("Oil temperature"),
    "overload": _("Load"),
}
