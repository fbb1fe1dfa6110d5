"""What a loaded file leads to: its substations, and the alerts found since."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from core.spreadsheets import guarded
from ingestion import services
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.tests.samples import GOOD, upload_of
from substations.models import Reading, Substation

SignIn = Callable[[str], Client]
pytestmark = pytest.mark.django_db


def loaded(text: str = GOOD, **options: str) -> Upload:
    upload = upload_of(text, ImportOptions(unknown="create", time_zone="UTC", **options))  # type: ignore[arg-type]  # options by name
    assert services.load(upload.pk) == services.LoadOutcome.LOADED
    upload.refresh_from_db()
    return upload


def test_the_page_links_the_substations_of_the_file_and_asks_for_their_alerts(
    signed_in: SignIn,
) -> None:
    Substation.objects.create(code="OTHER")
    upload = loaded(GOOD + "2025-03-01 00:45:00,SS 02,79.2,99.1,0.799\n")
    assert upload.touched == list(Substation.objects.exclude(code="OTHER").order_by("pk").values_list("pk", flat=True))
    page = signed_in("operator").get(upload.get_absolute_url()).content.decode()
    assert 'href="/substations/SS-01/"' in page
    assert 'href="/substations/SS-02/"' in page
    assert "OTHER" not in page
    assert f'hx-get="/uploads/{upload.pk}/progress/"' in page


def test_rows_that_were_refused_name_no_substation() -> None:
    assert loaded(GOOD + "2025-03-01 00:45:00,WRONG,x,y,7\n").touched == [Substation.objects.get(code="SS-01").pk]


def test_a_file_without_a_result_has_no_links(signed_in: SignIn) -> None:
    upload = upload_of("Timestamp,P\nno,thing\n")
    assert "Substations in this file" not in signed_in("operator").get(upload.get_absolute_url()).content.decode()


def test_a_code_that_an_export_guarded_is_read_back_as_it_was() -> None:
    substation = Substation.objects.create(code="=A1")
    loaded(GOOD.replace("SS-01", guarded("=A1")))
    assert Reading.objects.for_substation(substation).count() == 3
    assert Substation.objects.count() == 1
