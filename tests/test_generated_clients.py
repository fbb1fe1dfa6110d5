"""The schema is good enough for generated clients: they are made, imported and used against the running API."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command

from alerts.tests.alert_scenes import raised
from smart_ems.accounts.tests.token_scenes import token_of
from substations.models import Reading, Substation

from .conftest import ROOT, need

PACKAGE = "smart_ems_api_client"
TYPESCRIPT = ROOT / "node_modules" / ".bin"
USE = """\
import type { components, paths } from "./schema";

type Body = paths["/api/readings/"]["post"]["requestBody"]["content"]["application/json"];
type Answers = paths["/api/readings/"]["post"]["responses"][200]["content"]["application/json"];
const row: components["schemas"]["ReadingRowRequest"] = { substation: "A", at: "2026-03-02T00:00Z", power_factor: 0.9 };
const one: Body = row;
const many: Body = [row];
const said = (answers: Answers): string[] => answers.map((answer) => answer.outcome);
type Problem = paths["/api/alerts/{id}/"]["get"]["responses"][404]["content"]["application/json"];
const why = (problem: Problem): string | string[] | undefined => problem.detail;
// @ts-expect-error a power factor is a number
const wrong: Body = { substation: "A", at: "2026-03-02T00:00:00Z", power_factor: "high" };
export { many, one, said, why, wrong };
"""


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.yaml"
    call_command("spectacular", file=str(path), validate=True)
    return path


@pytest.fixture
def python_client(schema: Path) -> Iterator[Path]:
    pytest.importorskip("openapi_python_client", reason="no openapi-python-client: install requirements-dev.txt")
    folder, config = schema.parent / "client", schema.parent / "config.yaml"
    config.write_text("post_hooks: []\n")  # without them, its code is formatted by a tool that it looks for
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta", "none",
         "--config", str(config), "--path", str(schema), "--output-path", str(folder / PACKAGE)],
        capture_output=True, text=True, timeout=120, cwd=schema.parent, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.split(".")[0] == PACKAGE]:
        del sys.modules[name]


def generated(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


@pytest.mark.django_db(transaction=True)
def test_a_python_client_posts_readings_and_reads_alerts(python_client: Path, live_server: Any) -> None:
    for module in sorted(python_client.rglob("*.py")):
        name = ".".join(module.relative_to(python_client).with_suffix("").parts).removesuffix(".__init__")
        importlib.import_module(name)
    user = User.objects.create_user("program")
    user.groups.add(Group.objects.get(name="operator"))
    Substation.objects.create(code="A")
    token = token_of(user)
    client = generated("client").AuthenticatedClient(base_url=live_server.url, token=token)
    create, row = generated("api.readings.readings_create"), generated("models.reading_row_request").ReadingRowRequest
    rows = [row(substation="A", at=f"2026-03-02T0{hour}:00:00Z", active_power_kw=80.0) for hour in range(2)]
    answers = create.sync(client=client, body=rows)
    assert [answer.outcome.value for answer in answers] == ["accepted", "accepted"]
    (again,) = create.sync(client=client, body=rows[0])
    assert (again.outcome.value, Reading.objects.count()) == ("unchanged", 2)
    found = generated("api.readings.readings_list").sync(client=client, substation="A", limit=1)
    assert (len(found.results), found.results[0].active_power_kw) == (1, 80.0)
    assert generated("api.alerts.alerts_list").sync(client=client, history=True).count == 0
    alert = raised("A")
    acknowledge, note = generated("api.alerts.alerts_acknowledge_create"), generated("models.note_request").NoteRequest
    for _ in range(2):
        body = note(version=alert.version)
        done = acknowledge.sync(client=client, id=alert.pk, body=body, idempotency_key="night-7")
        assert (done.state, done.acknowledged_by) == ("acknowledged", "program")
    missing = generated("api.alerts.alerts_retrieve").sync_detailed(client=client, id=404)
    assert (missing.status_code, bool(missing.parsed.detail)) == (404, True)


def test_types_for_typescript_fit_what_a_program_writes(schema: Path) -> None:
    node = shutil.which("node")
    tools = TYPESCRIPT / "openapi-typescript"
    need("node", node is not None and tools.exists(), "install Node.js, then run npm ci")
    subprocess.run([tools, str(schema), "-o", str(schema.parent / "schema.d.ts")], check=True, timeout=120)
    (schema.parent / "use.ts").write_text(USE)
    checked = subprocess.run(
        [TYPESCRIPT / "tsc", "--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "use.ts"],
        capture_output=True, text=True, timeout=120, cwd=schema.parent, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
