"""A thousand files that no meter ever wrote: each is loaded or refused with a reason, and leaves no half of itself."""

from __future__ import annotations

import contextlib
import gzip
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingestion import services
from ingestion.exports.answers import ACCEPTABLE
from ingestion.models import Upload
from ingestion.options import ImportOptions
from ingestion.problems import Unreadable
from ingestion.tests.samples import GOOD, file_of, many_rows
from substations.models import Reading, Substation

pytestmark = pytest.mark.django_db
ENDS = {Upload.State.LOADED, Upload.State.REJECTED, Upload.State.WAITING}
CALM: dict[str, Any] = {
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate,),
    "database": None,
}
ANYHOW = ImportOptions(
    substation="X",
    start="2025-01-01T00:00",
    interval_s=900,
    unknown="create",
    time_zone="UTC",
    profile={"accept": list(ACCEPTABLE)},
)
ALPHABET = '0123456789.,;:-/"\t\n\r \x00eEPQSVITZ|=\ufeffé'
WHOLE = [
    GOOD.encode(),
    (GOOD + many_rows(6)).encode(),
    GOOD.encode("utf-16"),
    GOOD.replace(",", ";").replace(".", ",").encode(),
]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good file with some bytes cut, doubled, overwritten, or in another encoding."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 40))
        junk = draw(st.binary(max_size=12) | st.text(ALPHABET, max_size=12).map(str.encode))
        data[at : at + length] = junk * draw(st.integers(1, 3))
    content = bytes(data)
    if draw(st.integers(0, 6)) == 0:
        content = gzip.compress(content)
        content = content[: len(content) - draw(st.integers(0, 12))]
    return content


CONTENT = damaged() | damaged() | st.binary(max_size=400) | st.text(ALPHABET, max_size=300).map(str.encode)


def load(content: bytes, options: ImportOptions) -> Upload:
    upload = services.receive(file_of(content), options=options, again=True).upload
    if upload.state == Upload.State.WAITING:
        with contextlib.suppress(Unreadable):
            services.answer(upload, ANYHOW)
    services.load(upload.pk)
    upload.refresh_from_db()
    return upload


@pytest.mark.timeout(600)  # a minute of work, several on a busy machine
def test_a_thousand_malformed_files_end_well(station: Substation) -> None:
    ends: Counter[str] = Counter()

    @settings(max_examples=1000, **CALM)
    @given(CONTENT, st.sampled_from([ImportOptions(), ANYHOW]))
    def one(content: bytes, options: ImportOptions) -> None:
        before = Reading.objects.count()
        upload = load(content, options)
        ends[upload.state] += 1
        added = Reading.objects.count() - before
        assert upload.state in ENDS, upload.reason
        assert added == upload.rows_new
        if upload.state == Upload.State.REJECTED:
            assert len(upload.reason) > 20
            assert added == 0
            assert not upload.file
        if upload.state == Upload.State.WAITING:
            assert upload.questions
            assert added == 0
        accounted_for = (
            upload.rows_new + upload.rows_replaced + upload.rows_unchanged + upload.rows_bad + upload.rows_empty
        )
        assert upload.rows_read == accounted_for

    one()
    assert sum(ends.values()) >= 1000
    assert set(ends) == ENDS  # the files are neither all hopeless nor all harmless


def test_no_malformed_file_breaks_a_page(as_operator: Client, station: Substation) -> None:
    @settings(max_examples=60, **CALM)
    @given(CONTENT)
    def one(content: bytes) -> None:
        answer: Any = as_operator.post("/uploads/new/", {"file": file_of(content)}, follow=True)
        assert answer.status_code == 200
        newest = Upload.objects.latest("pk")
        services.load(newest.pk)
        assert as_operator.get(f"/uploads/{newest.pk}/").status_code == 200

    one()
