from __future__ import annotations

from django.apps import AppConfig


class SubstationsConfig(AppConfig):
    name = "substations"
    verbose_name = "Grid"
