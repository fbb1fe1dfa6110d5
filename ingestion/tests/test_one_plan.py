"""One plan: what ``inspect`` says of a file is what the form and the API store of it, for every kind of file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from django.test import Client

from ingestion import services
from ingestion.exports.answers import ACCEPTABLE, answers_from
from ingestion.exports.interpretation import interpret
from ingestion.exports.outcome import Interpretation
from ingestion.models import Upload
from ingestion.new_substations import code_of
from ingestion.tests.exported import SHAPES, ExportShape
from ingestion.tests.samples import file_of
from substations.channels import CHANNEL_NAMES
from substations.models import Reading

pytestmark = pytest.mark.django_db


def read_as(shape: ExportShape, **more: Any) -> Interpretation:
    answers = answers_from({**shape.answers, **more})
    return interpret(shape.data, shape.name, answers, now=datetime.now(UTC))


def by_form(client: Client, shape: ExportShape) -> Upload:
    """Sent by the form; what it asks is answered on its page, questions with a guess by accepting that."""
    zone = shape.answers.get("time_zone", "")
    client.post("/uploads/new/", {"file": file_of(shape.data, shape.name), "time_zone": zone})
    upload = Upload.objects.latest("pk")
    for _attempt in range(2):
        if upload.state != Upload.State.WAITING:
            break
        form = client.get(f"/uploads/{upload.pk}/answer/").context["form"]
        offered = {name: form[name].value() for name in form.fields}
        data = {name: value for name, value in offered.items() if value not in (None, False, True)}
        data |= {name: "on" for name in form.fields if name.startswith("accept_")}
        data |= {name: value for name, value in shape.answers.items() if name != "columns"}
        for number, column in enumerate(form.columns_read):
            said = shape.answers.get("columns", {}).get(column.header, {})
            data |= {f"{part}_{number}": value for part, value in said.items()}
        client.post(f"/uploads/{upload.pk}/answer/", {**data, "unknown": "create", "load": "1"})
        upload.refresh_from_db()
    return upload


def by_api(client: Client, shape: ExportShape) -> Upload:
    """Sent with its answers; questions with a guess are answered by accepting that."""
    data = {"file": file_of(shape.data, shape.name), "profile": json.dumps(shape.answers), "unknown": "create"}
    sent = client.post("/api/uploads/", data).json()
    assert [q["about"] for q in sent["questions"]] == [q.about for q in read_as(shape).questions]
    if sent["state"] == "waiting":
        url = f"/api/uploads/{sent['id']}/answers/"
        client.post(url, {"accept": list(ACCEPTABLE)}, content_type="application/json")
    return Upload.objects.get(pk=sent["id"])


@pytest.mark.parametrize("way", [by_form, by_api], ids=["form", "api"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.kind)
def test_what_inspect_says_is_what_is_stored(admin_client: Client, shape: ExportShape, way: Any) -> None:
    upload = way(admin_client, shape)
    found = read_as(shape, accept=list(ACCEPTABLE))
    assert not found.questions
    assert len(found.at)
    assert services.load(upload.pk) is services.LoadOutcome.LOADED, (upload.state, upload.questions)
    rows = Reading.objects.values_list("substation__code", "at", *CHANNEL_NAMES)
    stored = {(code, np.datetime64(at.replace(tzinfo=None), "us")): row for code, at, *row in rows}
    assert stored.keys() == {(code_of(name), at) for name, at in zip(found.stations, found.at, strict=True)}
    for name, at, wanted in zip(found.stations, found.at, found.values, strict=True):
        row = np.array(stored[code_of(name), at], dtype=np.float64)
        assert np.isclose(row, wanted, rtol=1e-6, atol=1e-6, equal_nan=True).all(), (name, at)
