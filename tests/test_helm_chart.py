"""The chart for Kubernetes: its values are checked, and what it renders is what Kubernetes takes.

Rendered by the template engine that Helm uses, in a small program beside this file; no cluster is asked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from .conftest import need

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy" / "helm" / "smart-ems"
LIBRARIES = Path("/usr/share/gocode")
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
KUBERNETES = "1.29"


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    has_go = shutil.which("go") is not None and (LIBRARIES / "src/github.com/Masterminds/sprig").is_dir()
    need("go", has_go, "apt install golang-go golang-github-masterminds-sprig-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(LIBRARIES), "GOCACHE": str(folder / "cache")}
    command = ["go", "build", "-o", str(folder / "render"), str(ROOT / "tests" / "helm" / "render.go")]
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return folder / "render"


def rendered(program: Path, tmp_path: Path, **changes: Any) -> dict[tuple[str, str], Any]:
    values = tmp_path / "values.json"
    values.write_text(json.dumps(VALUES | changes))
    done = subprocess.run([program, CHART, values, "ems", "1.0"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [each for each in yaml.safe_load_all(done.stdout) if each]
    return {(each["kind"], each["metadata"]["name"]): each for each in found}


def command_of(deployment: Any) -> list[str]:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return list(container["command"])


def test_the_defaults_are_what_the_schema_allows() -> None:
    jsonschema.validate(VALUES, SCHEMA)


@pytest.mark.parametrize(
    "changes",
    [
        {"host": "https://ems.example.org"},
        {"settings": {"DATABASE_URL": "in the secret"}},
        {"web": {"replicas": 0, "resources": {}}},
        {"storage": {"size": "much", "accessMode": "ReadWriteMany", "className": ""}},
        {"nonsense": 1},
    ],
)
def test_a_value_that_means_nothing_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(VALUES | changes, SCHEMA)


def test_the_chart_has_the_version_of_the_program() -> None:
    version = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.M)[0]
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ingress": {"enabled": False, "className": "", "annotations": {}, "tlsSecretName": "tls"}},
        {"ingress": {"enabled": True, "className": "nginx", "annotations": {"a/b": "100m"}, "tlsSecretName": "tls"}},
        {"networkPolicy": {"enabled": False, "ingressNamespace": "x"}},
        {"storage": {"size": "1Gi", "accessMode": "ReadWriteOnce", "className": "fast"}},
        {"settings": {"EMS_KEEP_SCORES_DAYS": 400, "EMS_NOTIFY_ALLOW_PRIVATE": True}},
    ],
)
def test_kubernetes_takes_what_is_rendered(program: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    jsonschema.validate(VALUES | changes, SCHEMA)
    found = rendered(program, tmp_path, **changes)
    for each in found.values():
        kubernetes_validate.validate(each, KUBERNETES, strict=True)
    assert (("Ingress", "ems") in found) == (VALUES | changes)["ingress"]["enabled"]
    assert (("NetworkPolicy", "ems") in found) == (VALUES | changes)["networkPolicy"]["enabled"]


def test_its_processes_are_those_of_the_containers(program: Path, tmp_path: Path) -> None:
    found = rendered(program, tmp_path)
    services = yaml.safe_load((ROOT / "deploy/containers/compose.yaml").read_text())["services"]
    for name in ("worker", "learning", "beat"):
        ours, theirs = command_of(found["Deployment", f"ems-{name}"]), services[name]["command"]
        assert [part for part in ours if "schedule" not in part] == [
            "2" if part.startswith("${") else part for part in theirs if "schedule" not in part
        ]
    assert command_of(found["Job", "ems-prepare"]) == services["prepare"]["command"]
    assert found["Deployment", "ems-beat"]["spec"]["strategy"] == {"type": "Recreate"}, "two would start tasks twice"


def test_every_pod_runs_without_rights(program: Path, tmp_path: Path) -> None:
    found = rendered(program, tmp_path)
    pods = [each["spec"]["template"]["spec"] for (kind, _name), each in found.items() if kind in ("Deployment", "Job")]
    assert len(pods) == 5
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_settings_reach_the_processes_as_text_and_secrets_from_their_own_place(program: Path, tmp_path: Path) -> None:
    found = rendered(program, tmp_path, settings={"EMS_KEEP_SCORES_DAYS": 400, "EMS_NOTIFY_ALLOW_PRIVATE": True})
    data = found["ConfigMap", "ems-settings"]["data"]
    assert (data["EMS_KEEP_SCORES_DAYS"], data["EMS_NOTIFY_ALLOW_PRIVATE"]) == ("400", "true")
    readme = (ROOT / "README.md").read_text()
    assert [name for name in data if f"`{name}`" not in readme] == []
    (container,) = found["Deployment", "ems-web"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"][1] == {"secretRef": {"name": "smart-ems"}}
