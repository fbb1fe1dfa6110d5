"""A mapping that was confirmed once: recognised the next time, and said so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from ingestion import services
from ingestion.models import ColumnMapping, Upload
from ingestion.tests.samples import GOOD, TIMELESS, TRANSFORMER, file_of, received, upload_of
from substations.models import Reading, Substation

from .test_answer_page import filled, post

pytestmark = pytest.mark.django_db
KOLKATA = "Asia/Kolkata"


@pytest.fixture
def confirmed(as_operator: Client) -> Upload:
    """The transformer's columns, confirmed with substation, zone and a corrected unit."""
    upload = upload_of(TRANSFORMER)
    data = filled(as_operator, upload, substation="T-1", time_zone=KOLKATA, unknown="create", remember="on")
    assert post(as_operator, upload, data).status_code == 302
    return upload


@pytest.mark.usefixtures("confirmed")
def test_the_next_file_with_these_columns_is_recognised_and_the_page_says_so(as_operator: Client) -> None:
    again = upload_of(TRANSFORMER.replace("5.1,", "5.2,"))
    page = as_operator.get(f"/uploads/{again.pk}/answer/")
    assert "confirmed before, for “export.csv”" in page.content.decode()
    assert {column["sureness"] for column in page.context["form"].columns()} == {"confirmed"}
    assert page.context["form"]["time_zone"].value() == KOLKATA


def test_a_file_with_nothing_to_ask_is_read_in_the_zone_that_was_confirmed(as_operator: Client) -> None:
    Substation.objects.create(code="SS-01", time_zone="UTC")
    first = upload_of(GOOD)
    ColumnMapping.objects.create(
        signature=_signature(first), name="first.csv", columns=[], time_zone=KOLKATA, mapping=first.options["mapping"]
    )
    later = received(GOOD.replace("80.0", "80.5"))
    assert (later.upload.state, later.recognised) == (Upload.State.QUEUED, "first.csv")
    services.load(later.upload.pk)
    assert Reading.objects.earliest("at").at == datetime(2025, 2, 28, 18, 30, tzinfo=UTC)


def _signature(upload: Upload) -> str:
    from ingestion import mapping

    return mapping.signature(services.inspect(upload).form.columns)


def test_the_sender_is_told_on_the_next_page(as_operator: Client) -> None:
    Substation.objects.create(code="SS-01")
    first = upload_of(GOOD)
    ColumnMapping.objects.create(
        signature=_signature(first), name="first.csv", columns=[], mapping=first.options["mapping"]
    )
    answer = as_operator.post("/uploads/new/", {"file": file_of(GOOD.replace("80.0", "80.7"))}, follow=True)
    assert "The columns are those of “first.csv”" in answer.content.decode()


def test_what_was_never_confirmed_says_how_sure_the_guess_is(as_operator: Client) -> None:
    page = as_operator.get(f"/uploads/{upload_of(TIMELESS).pk}/answer/")
    columns = {column["header"]: column for column in page.context["form"].columns()}
    assert columns["P"]["sureness"] in ("sure", "likely", "check")
    assert 0 < columns["P"]["percent"] <= 100
    assert f"{columns['P']['percent']} %" in page.content.decode()
    assert "confirmed before" not in page.content.decode()


def test_the_first_rows_come_before_the_questions(as_operator: Client) -> None:
    page = as_operator.get(f"/uploads/{upload_of(TIMELESS).pk}/answer/").content.decode()
    assert page.index("First rows") < page.index("Time and place") < page.rindex("Reverse sign")
