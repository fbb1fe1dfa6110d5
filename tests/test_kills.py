"""kill -9 in the middle of work, with real processes: it goes on within the bound, nothing lost or doubled.

``./ems bench kills`` does the same as often as one likes, and with every process.
"""

from __future__ import annotations

import json
import os
from io import StringIO

import pytest
from django.core.management import call_command

from .conftest import need

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("scratch")]


@pytest.mark.tensorflow
@pytest.mark.timeout(580)
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_work_goes_on_within_two_minutes_after_a_worker_was_killed(database: str) -> None:
    server = os.environ.get("EMS_TEST_DATABASE_URL", "") if database == "postgres" else ""
    need("postgres", database == "sqlite" or bool(server), "set EMS_TEST_DATABASE_URL to a server")
    out, few = StringIO(), {"rounds": 1, "days": 30, "victims": ["worker"], "server": server}
    call_command("bench", "kills", stages=["scoring", "training"], json=True, stdout=out, **few)
    found = json.loads(out.getvalue())
    assert [(kill["stage"], kill["lost"], kill["doubled"]) for kill in found["rounds"]] == [
        ("scoring", 0, 0),
        ("training", 0, 0),
    ]
    assert found["beyond_the_bound"] == 0, found["rounds"]
