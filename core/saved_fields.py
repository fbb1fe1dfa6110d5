"""Storing some fields of one object so that whoever listens hears of it: ``QuerySet.update`` sends no signal."""

from __future__ import annotations

from typing import Any

from django.db import models


def save_fields(instance: models.Model, **values: Any) -> None:
    """Set these fields and store them alone, whatever else changed in the database meanwhile."""
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save(update_fields=list(values))
