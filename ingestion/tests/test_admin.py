from __future__ import annotations

import pytest
from django.test import Client

from ingestion import services
from ingestion.models import ColumnMapping, RowProblem
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


def test_a_saved_mapping_can_be_corrected(admin_client: Client) -> None:
    saved = ColumnMapping.objects.create(signature="x" * 64, name="meter", columns=["P"], mapping={})
    url = f"/admin/ingestion/columnmapping/{saved.pk}/change/"
    data = {"name": "feeder meter", "mapping": "{}", "time_zone": "", "day_first": "unknown", "interval_s": 0}
    assert admin_client.post(url, data).status_code in (200, 302)
    assert admin_client.get("/admin/ingestion/columnmapping/").status_code == 200
