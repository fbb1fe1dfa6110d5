"""What the tests of notifications share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def loopback(settings: Any, tmp_path: Path) -> None:
    """Receivers on this machine are allowed, and messages to files stay in the test's own folder."""
    settings.NOTIFY_ALLOW_PRIVATE = True
    settings.NOTIFY_FILES = tmp_path
