"""Dates of the English pages as a control room writes them; other languages keep Django's formats."""

from __future__ import annotations

SHORT_DATE_FORMAT = "Y-m-d"
SHORT_DATETIME_FORMAT = "Y-m-d H:i"
