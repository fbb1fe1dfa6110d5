"""Application configuration of the change history."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChangeHistoryConfig(AppConfig):
    name = "smart_ems.change_history"
    label = "change_history"
    verbose_name = _("Change history")

    def ready(self) -> None:
        from .recording import listen_to
        from .tracked_models import TRACKED

        for tracked in TRACKED:
            listen_to(tracked)
