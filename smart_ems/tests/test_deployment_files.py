"""What `deploy/` holds: units, containers and examples that fit the program they start."""

from __future__ import annotations

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from smart_ems.supervisor import services

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
EXAMPLES = [DEPLOY / "systemd/environment.example", DEPLOY / "containers/env.example"]
OF_OTHERS = {"DATABASE_URL", "REDIS_URL", "OMP_NUM_THREADS", "POSTGRES_PASSWORD", "EMS_HOST", "EMS_LEARNING_PROCESSES"}
"""Read by the container file or by libraries."""


def unit(path: Path) -> Any:
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # names of units have capitals
    parser.read(path)
    return parser


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "containers/compose.yaml").read_text())
    return found


def starts() -> dict[str, str]:
    """Command of each process, from the units and from the containers."""
    units = {path.stem: unit(path)["Service"]["ExecStart"] for path in UNITS if "prepare" not in path.stem}
    containers = {
        name: " ".join(service["command"])
        for name, service in compose()["services"].items()
        if name in {"worker", "learning", "beat"}
    }
    return units | containers


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", (ROOT / name).read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_as_one_account_that_may_do_nothing_else(path: Path) -> None:
    service = unit(path)["Service"]
    assert (service["User"], service["StateDirectory"], service["StateDirectoryMode"]) == ("ems", "smart-ems", "0700")
    assert (service["NoNewPrivileges"], service["ProtectSystem"], service["UMask"]) == ("yes", "strict", "0077")
    assert service["EnvironmentFile"] == "/etc/smart-ems/environment"


def test_the_target_starts_every_unit() -> None:
    wanted = unit(DEPLOY / "systemd/smart-ems.target")["Unit"]["Wants"].split()
    assert sorted(wanted) == [path.name for path in UNITS]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_but_the_program_that_is_not_installed_here(tmp_path: Path) -> None:
    for path in [*UNITS, DEPLOY / "systemd/smart-ems.target"]:
        shutil.copy(path, tmp_path)
    command = ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60).stderr.splitlines()
    assert [line for line in said if "smart-ems" in line and "is not executable: No such file" not in line] == []


def test_workers_have_the_limits_of_the_launcher_and_serve_both_queues() -> None:
    for name, command in starts().items():
        if "learning" in name:
            assert "-Q ml" in command
            assert " ".join(services.LEARNING_LIMIT) in command
        elif "worker" in name:
            assert "-Q default" in command
            assert " ".join(services.DEFAULT_LIMIT) in command
    assert sum("beat" in name for name in starts()) == 2, "one in the units and one in the containers"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_names_variables_that_are_read(path: Path) -> None:
    named = set(re.findall(r"^([A-Z_]+)=", path.read_text(), re.MULTILINE))
    read = set(re.findall(r'"(EMS_\w+)"', "".join(each.read_text() for each in ROOT.glob("smart_ems/**/*.py"))))
    assert named - OF_OTHERS <= read
    assert {"EMS_SECRET_KEY", "EMS_ALLOWED_HOSTS"} <= named
    for secret in re.findall(r"^(?:EMS_SECRET_KEY|POSTGRES_PASSWORD|EMS_METRICS_TOKEN)=(.*)$", path.read_text(), re.M):
        assert secret == "", "nobody runs with a secret that is public"


def test_a_secret_that_is_missing_stops_the_containers() -> None:
    text = (DEPLOY / "containers/compose.yaml").read_text()
    assert "${POSTGRES_PASSWORD:?" in text
    assert "${EMS_SECRET_KEY:?" in text
    assert "${EMS_HOST:?" in text


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in compose()["services"].items() if "ports" in service] == ["proxy"]


def test_every_program_container_is_closed() -> None:
    for name in ("web", "worker", "learning", "beat", "prepare"):
        service = compose()["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_web_image_has_the_same_packages_without_tensorflow() -> None:
    web, everything = pins("requirements-web.txt"), pins("requirements.txt")
    assert web.items() <= everything.items()
    assert {"tensorflow-cpu", "keras"} <= set(everything) - set(web)
    image = (DEPLOY / "containers/Dockerfile").read_text()
    assert all((ROOT / name).is_file() for name in re.findall(r"^COPY (requirements\S+)", image, re.MULTILINE))
    assert re.findall(r"AS (\w+)$", image, re.MULTILINE)[-1] == "web"
