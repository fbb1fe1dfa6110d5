"""Lengths of time that the diagnosis, scoring and training share."""

from __future__ import annotations

HOUR_S = 3600
DAY_S = 86_400
QUARTER_HOUR_S = 900
"""The billing interval of most grids, and the resolution of the daily profile and of the autoencoder's slots."""

HOURS_PER_MONTH = 24 * 30.44
"""The mean month of a year."""

CONTEXT_HOURS = 144
"""Longest memory of a step: generation seen in the last five days by what was missing the night before. The 24 h window
over residuals that rest on flags (12 h) and oil (30 h) is shorter. Tests cut a record there and get the same scores."""

MIN_TRAINING_DAYS = 7
"""Chosen: every hour of the day and every day of the week has been seen once."""
