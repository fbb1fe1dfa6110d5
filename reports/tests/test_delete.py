"""Deleting a report: by page, API and admin; its files go with it, and one that is being made stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from reports.models import Report

from .report_scenes import grid, made, march

pytestmark = pytest.mark.django_db(transaction=True)
SignIn = Callable[[str], Client]


@pytest.fixture
def report() -> Report:
    grid()
    return made(march())


@pytest.fixture
def files(report: Report) -> list[Path]:
    found = [Path(report.paper.path), Path(report.sheet.path)]
    assert all(path.exists() for path in found)
    return found


def by_page(client: Client, report: Report) -> int:
    return client.post(f"/reports/{report.pk}/delete/").status_code


def by_api(client: Client, report: Report) -> int:
    return client.delete(f"/api/reports/{report.pk}/").status_code


@pytest.mark.parametrize(("way", "status"), [(by_page, 302), (by_api, 204)])
def test_an_engineer_deletes_a_report_with_its_files(
    signed_in: SignIn, report: Report, files: list[Path], way: Callable[[Client, Report], int], status: int
) -> None:
    client = signed_in("engineer")
    assert way(client, report) == status
    assert not Report.objects.exists()
    assert not any(path.exists() for path in files)
    assert way(client, report) == 404


def test_staff_delete_it_in_the_admin(admin_client: Client, report: Report, files: list[Path]) -> None:
    assert "Month" in admin_client.get("/admin/reports/report/").content.decode()
    admin_client.post(
        "/admin/reports/report/", {"action": "delete_selected", "_selected_action": [report.pk], "post": "yes"}
    )
    assert not Report.objects.exists()
    assert not any(path.exists() for path in files)


@pytest.mark.parametrize(("way", "status"), [(by_page, 302), (by_api, 409)])
def test_one_that_is_being_made_stays(
    signed_in: SignIn, report: Report, way: Callable[[Client, Report], int], status: int
) -> None:
    Report.objects.update(state=Report.ReportState.MAKING)
    assert way(signed_in("engineer"), report) == status
    assert Report.objects.exists()


@pytest.mark.parametrize("way", [by_page, by_api])
@pytest.mark.parametrize("role", ["viewer", "operator", "outsider"])
def test_others_may_not(signed_in: SignIn, report: Report, role: str, way: Callable[[Client, Report], int]) -> None:
    assert way(signed_in(role), report) == 403
    assert Report.objects.exists()


def test_a_get_deletes_nothing(signed_in: SignIn, report: Report) -> None:
    assert signed_in("engineer").get(f"/reports/{report.pk}/delete/").status_code == 405
