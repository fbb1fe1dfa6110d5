from __future__ import annotations

import pytest
from django.test import Client

from ingestion import services
from ingestion.models import RowProblem, SourceProfile
from ingestion.tests.samples import GOOD, upload_of
from substations.models import Substation

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", ["upload", "rowproblem"])
def test_history_can_be_searched_but_not_changed(admin_client: Client, station: Substation, model: str) -> None:
    upload = upload_of(GOOD + "never,SS-01,1,1,1\n")
    services.load(upload.pk)
    pk = upload.pk if model == "upload" else RowProblem.objects.get().pk
    base = f"/admin/ingestion/{model}/"
    assert admin_client.get(base, {"q": "export"}).status_code == 200
    assert admin_client.get(f"{base}{pk}/change/").status_code == 200
    assert admin_client.post(f"{base}{pk}/change/", {}).status_code == 403
    assert admin_client.get(f"{base}add/").status_code == 403
    assert admin_client.post(f"{base}{pk}/delete/").status_code == 403


def test_a_remembered_profile_can_be_corrected(admin_client: Client) -> None:
    saved = SourceProfile.objects.create(
        key="x" * 64, name_pattern="export-#.csv", source="form", columns=[], profile={}
    )
    url = f"/admin/ingestion/sourceprofile/{saved.pk}/change/"
    assert admin_client.post(url, {"profile": '{"date_order": "mdy"}'}).status_code == 302
    saved.refresh_from_db()
    assert saved.profile == {"date_order": "mdy"}
    assert admin_client.get("/admin/ingestion/sourceprofile/").status_code == 200
