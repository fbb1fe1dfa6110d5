from __future__ import annotations

import sys

import pytest

from core.lazy_modules import LazyModule


def test_a_module_is_loaded_when_something_of_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    lazy = LazyModule("colorsys")
    assert "colorsys" not in sys.modules
    assert lazy.rgb_to_hsv(1.0, 0.0, 0.0) == (0.0, 1.0, 1.0)
    assert "colorsys" in sys.modules


def test_what_a_module_does_not_have_is_an_error_of_that_module() -> None:
    with pytest.raises(AttributeError, match="colorsys"):
        _ = LazyModule("colorsys").nothing
