"""Application configuration of the retention."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetentionConfig(AppConfig):
    name = "smart_ems.retention"
    label = "retention"
    verbose_name = _("Retention")
