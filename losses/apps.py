from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LossesConfig(AppConfig):
    name = "losses"
    verbose_name = _("Losses")
    default_auto_field = "django.db.models.BigAutoField"
