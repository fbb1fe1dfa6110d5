"""Fields of models that guard what is stored."""

from __future__ import annotations

import math
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class FiniteJSONField(models.JSONField):
    """JSON without NaN and infinity, which JSON does not know: databases refuse them or, worse, keep them.

    Whoever stores one gets a ValueError that names where it is, on every database alike.
    """

    def deconstruct(self) -> Any:
        """As a plain JSONField: the database needs to know nothing of the check, and no migration."""
        name, _path, arguments, values = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, values

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        _refuse_unknown_numbers(value, self.name or "")
        return super().get_db_prep_save(value, connection)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            _refuse_unknown_numbers(value, self.name or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


def _refuse_unknown_numbers(value: Any, path: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{path} is {value}, which JSON does not know: store None for what is not known.")
    if isinstance(value, dict):
        for key, part in value.items():
            _refuse_unknown_numbers(part, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            _refuse_unknown_numbers(part, f"{path}[{number}]")
