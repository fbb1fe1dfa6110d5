"""What a newcomer types from `docs/deployment.md`: each command, file, unit and variable of it is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
SYSTEMD = ROOT / "deploy/systemd"
DOCUMENT = (ROOT / "docs/deployment.md").read_text()
BLOCKS = re.findall(r"^```\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
DEBIAN = DOCUMENT.split("## A bare Debian", 1)[1].split("\n## ", 1)[0]
COMMANDS = re.findall(r"(?:^|`)smart-ems ([a-z_]+[^`\n]*)", DEBIAN, re.MULTILINE)
INSTALLED = "/srv/smart-ems/"
PLACEHOLDERS = {"ADDRESS": "somebody@example.org", "FILE": "/var/backups/smart-ems/one"}


def unit_setting(name: str, key: str) -> str:
    [value] = re.findall(rf"^{key}=(.*)$", (SYSTEMD / name).read_text(), re.MULTILINE)
    return str(value)


def without_comments(path: Path) -> str:
    return re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("block", [block for block in BLOCKS if "…" not in block and "scrape_configs" not in block])
def test_a_block_is_what_a_shell_understands(block: str) -> None:
    done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, timeout=20)
    assert done.stderr == ""


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(rf"{INSTALLED}([\w./*-]+)", DOCUMENT)) | set(re.findall(r"\b(deploy/[\w./*-]+)", DOCUMENT))
    mine = {name.rstrip(".") for name in named if not name.startswith((".venv", "var"))}
    assert len(mine) > 8
    not_of_here = {"deploy/ems-web", "deploy/containers/.env"}  # of Kubernetes; made by the reader
    assert sorted(name for name in mine - not_of_here if not list(ROOT.glob(name.rstrip("/")))) == []


def test_every_unit_that_is_named_is_there() -> None:
    named = set(re.findall(r"\bsmart-ems[\w-]*\.(?:service|target)", DOCUMENT))
    assert len(named) > 3
    assert sorted(name for name in named if not (SYSTEMD / name).is_file()) == []


def test_every_variable_that_is_named_is_described() -> None:
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"\bEMS_[A-Z_]+[A-Z]\b", DOCUMENT)) - {"EMS_HOST", "EMS_BACKUP_FOLDER"}
    assert sorted(name for name in named if f"`{name}`" not in readme) == []


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_takes_what_is_typed_there(line: str) -> None:
    name, *arguments = (PLACEHOLDERS.get(word, word) for word in shlex.split(line))
    app = get_commands()[name]
    command = app if not isinstance(app, str) else load_command_class(app, name)
    command.create_parser("manage.py", name).parse_args(arguments)  # exits on what it does not take


def test_the_command_for_root_runs_as_the_units_do() -> None:
    script = (SYSTEMD / "ems-manage").read_text()
    unit = "smart-ems-prepare.service"
    for option, key in (("--uid", "User"), ("--gid", "Group"), ("--working-directory", "WorkingDirectory")):
        assert f"{option}={unit_setting(unit, key)} " in script
    for key in ("EnvironmentFile", "UMask"):
        assert f"--property={key}={unit_setting(unit, key)} " in script
    assert (SYSTEMD / "ems-manage").stat().st_mode & 0o111
    assert not list(SYSTEMD.glob("smart-ems*manage*")), "what begins with smart-ems is copied to the units"


def test_the_daily_backup_may_be_written_where_it_is_set_and_made() -> None:
    folder = unit_setting("environment.example", "EMS_BACKUP_DIR")
    assert f"-{folder}" in unit_setting("smart-ems-worker.service", "ReadWritePaths").split()
    assert f"install -d -m 700 -o ems -g ems {folder}\n" in DEBIAN
    assert f":{folder}" in (ROOT / "deploy/containers/compose.yaml").read_text()
    assert f"EMS_BACKUP_DIR={folder}\n" in (ROOT / "deploy/containers/env.example").read_text()


def test_both_proxies_do_the_same() -> None:
    """That of the containers has its name from the environment, and finds the pages by that of their container."""
    containers = without_comments(ROOT / "deploy/containers/Caddyfile")
    expected = containers.replace("{$EMS_HOST}", "ems.example.org").replace("web:8000", "127.0.0.1:8000")
    assert without_comments(SYSTEMD / "Caddyfile") == expected
    assert "--port 8000" in unit_setting("smart-ems-web.service", "ExecStart")


@pytest.mark.skipif(shutil.which("caddy") is None, reason="needs caddy")
@pytest.mark.parametrize("is_inside", [False, True])
def test_caddy_takes_the_file(is_inside: bool, tmp_path: Path) -> None:
    text = (SYSTEMD / "Caddyfile").read_text()
    assert "\t# tls internal\n" in text
    (tmp_path / "Caddyfile").write_text(text.replace("# tls internal\n", "tls internal\n") if is_inside else text)
    command = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile")]
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0


def test_the_settings_of_the_containers_get_neither_into_an_image_nor_into_git() -> None:
    assert "**/.env" in (ROOT / ".dockerignore").read_text().splitlines()
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()
