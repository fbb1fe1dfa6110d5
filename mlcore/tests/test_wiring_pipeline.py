"""Wiring and generation through the real pipeline: readings posted, scored, and what becomes an alert of it."""

from __future__ import annotations
