"""Where the process runs: the checkout, its data folder, and the values given by the environment."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured

from .private_files import close_folder, said_of_folder

BASE_DIR = Path(__file__).resolve().parent.parent
IS_CHECKOUT = (BASE_DIR / "manage.py").is_file()
"""Else it is an installed package, which holds templates and static files inside and must not be written to."""
WEB_FILES = BASE_DIR if IS_CHECKOUT else Path(__file__).resolve().parent / "web_files"
# A unix socket's path is limited to 107 bytes by the kernel (103 on macOS); a longer one cannot be bound.
SOCKET_PATH_LIMIT = 100
GIVEN_ROLES = ("viewer", "operator", "engineer", "staff")
# Chosen: judging looks back 60 days and what these rest on, bills and drift a month or two.
MIN_READING_DAYS = 90
# TensorFlow's start-up notices are no news to anybody; its errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

env = environ.Env()
if IS_CHECKOUT and (BASE_DIR / ".env").is_file():
    env.read_env(str(BASE_DIR / ".env"))


def _data_folder() -> Path:
    """Beside the program of a checkout; in the person's own data folder for an installed package."""
    if IS_CHECKOUT:
        return BASE_DIR / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "smart-ems"


VAR_DIR = Path(env.str("EMS_VAR_DIR", default=str(_data_folder())))


def secret_key() -> str:
    """The configured key, else one made on the first start and kept in the data folder, readable by its owner."""
    if configured := str(env.str("EMS_SECRET_KEY", default="")):
        return configured
    with said_of_folder(VAR_DIR):
        return _kept_key(VAR_DIR / "secret_key")


def _kept_key(path: Path) -> str:
    close_folder(path.parent)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


def broker_socket() -> Path:
    """The embedded broker's unix socket: in the data folder, or in the temporary folder when that path is too long."""
    path = VAR_DIR / "run" / "broker.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"smart-ems-{os.getuid()}-{name}" / "broker.sock"


def web_address(name: str, default: str) -> str:
    """The address that a variable names.

    Raises:
        ImproperlyConfigured: it is none of the web.
    """
    address = str(env.str(name, default=default))
    if address and not address.startswith(("http://", "https://")):
        raise ImproperlyConfigured(f"{name}: received “{address}”; expected an address that begins with http(s)://.")
    return address


def at_least(minimum: int, name: str, *, default: int) -> int:
    """The whole number that a variable holds.

    Raises:
        ImproperlyConfigured: it is below the minimum.
    """
    value = int(env.int(name, default=default))
    if value < minimum:
        raise ImproperlyConfigured(f"{name}: received {value}; expected {minimum} or more.")
    return value


def one_of(name: str, words: tuple[str, ...], *, default: str) -> str:
    """The word that a variable holds.

    Raises:
        ImproperlyConfigured: it is none of the words.
    """
    value = str(env.str(name, default=default)).strip().lower()
    if value not in words:
        raise ImproperlyConfigured(f"{name}: received “{value}”; expected one of {', '.join(words)}.")
    return value


def roles_by_group(name: str) -> dict[str, set[str]]:
    """Which roles each group of a directory or provider gives: ``group=role;other group=other role``.

    Raises:
        ImproperlyConfigured: something is no pair, or no role.
    """
    found: dict[str, set[str]] = {}
    for part in filter(None, (each.strip() for each in str(env.str(name, default="")).split(";"))):
        group, _equals, role = part.rpartition("=")  # names of groups have equals signs in a directory
        if not group.strip() or role.strip() not in GIVEN_ROLES:
            expected = f"group=role, separated by semicolons, with the roles {', '.join(GIVEN_ROLES)}"
            raise ImproperlyConfigured(f"{name}: received “{part}”; expected {expected}.")
        found.setdefault(group.strip(), set()).add(role.strip())
    return found


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """The networks, or single addresses, that a variable lists.

    Raises:
        ImproperlyConfigured: one of them is none.
    """
    listed: list[str] = env.list(name, default=[])
    try:
        return [ipaddress.ip_network(each.strip()) for each in listed]
    except ValueError as error:
        said = f"{name}: {error}; expected addresses or networks such as 10.0.0.5 or 10.0.0.0/8."
        raise ImproperlyConfigured(said) from error


def days_or_for_ever(name: str, *, default: int, at_least: int = 0) -> int:
    """How many days something is kept, by a variable; 0 is for ever.

    Raises:
        ImproperlyConfigured: it is negative, or shorter than what the program works with.
    """
    days = int(env.int(name, default=default))
    if days and days < max(at_least, 1):
        expected = f"0 (for ever) or at least {at_least or 1}"
        raise ImproperlyConfigured(f"{name}: received {days} days; expected {expected}.")
    return days


def broker_url() -> str:
    """``REDIS_URL``, else the unix socket of the embedded broker that the launcher starts."""
    if configured := str(env.str("REDIS_URL", default="")):
        return configured
    return f"redis+socket://{quote(str(broker_socket()))}"
