"""The administration's export: all fields are chosen or left out at once, under the content security policy."""

from __future__ import annotations

from playwright.sync_api import expect

from .conftest import MARKS, Visit

pytestmark = MARKS


def test_one_click_selects_all_fields_or_none(visit: Visit) -> None:
    page = visit("admin", "/admin/substations/substation/export/", expected=True)  # its own handler is refused
    fields = page.locator(".selectable-field-export-row input[type=checkbox]")
    chosen = page.locator(".selectable-field-export-row input[type=checkbox]:checked")
    page.locator(".select-toggle").uncheck()
    expect(chosen).to_have_count(0)
    page.locator(".select-toggle").check()
    expect(chosen).to_have_count(fields.count())
