"""A real LDAP server as an ordinary process in a folder of the test: slapd with three people, two groups and TLS."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SLAPD = shutil.which("slapd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
BASE = "dc=grid,dc=example"
SERVICE, SERVICE_PASSWORD = f"cn=service,{BASE}", "service-secret"
PASSWORD = "a-word-of-the-directory"
CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
disallow bind_anon
database mdb
suffix "{base}"
rootdn "{service}"
rootpw {password}
directory {folder}/data
"""
PEOPLE = {"ola": "Nord", "mia": "West", "jan*(x)": "East"}
GROUPS = {"operators": ["ola", "jan*(x)"], "Grid Admins": ["ola"]}


@dataclass(frozen=True)
class Directory:
    url: str
    tls_url: str
    ca_file: Path


def _ldif() -> str:
    blocks = [f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: grid\no: Grid"]
    blocks += [f"dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}" for unit in ("people", "groups")]
    blocks += [
        f"dn: {person(name)}\nobjectClass: inetOrgPerson\nuid: {name}\ncn: {name} {surname}\nsn: {surname}\n"
        f"givenName: {name.title()}\nmail: mail-of-{number}@example.org\nuserPassword: {PASSWORD}"
        for number, (name, surname) in enumerate(PEOPLE.items())
    ]
    blocks += [
        "\n".join(
            [f"dn: {group(name)}\nobjectClass: groupOfNames\ncn: {name}", *(f"member: {person(m)}" for m in members)]
        )
        for name, members in GROUPS.items()
    ]
    return "\n\n".join(blocks) + "\n"


def person(name: str) -> str:
    return f"uid={name},ou=people,{BASE}"


def group(name: str) -> str:
    return f"cn={name},ou=groups,{BASE}"


@contextmanager
def running(folder: Path, port: int, tls_port: int) -> Iterator[Directory]:
    """Start it, and stop it at the end."""
    (folder / "data").mkdir()
    _certificates(folder)
    config = folder / "slapd.conf"
    config.write_text(CONFIG.format(folder=folder, base=BASE, service=SERVICE, password=SERVICE_PASSWORD))
    (folder / "people.ldif").write_text(_ldif())
    slapd = str(SLAPD)
    subprocess.run([slapd, "-T", "add", "-f", str(config), "-l", str(folder / "people.ldif")], check=True)
    addresses = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    process = subprocess.Popen([slapd, "-h", addresses, "-f", str(config), "-d", "0"])
    try:
        _wait_for(port)
        yield Directory(f"ldap://localhost:{port}", f"ldaps://localhost:{tls_port}", folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(20)


def _wait_for(port: int) -> None:
    for _each in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("slapd does not answer")


def _certificates(folder: Path) -> None:
    """An authority of our own, and a certificate of it for localhost."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)

    def made(subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(ca_name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = x509.BasicConstraints(ca=True, path_length=None)
    (folder / "ca.pem").write_bytes(made(ca_name, ca_key.public_key(), authority))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    (folder / "server.pem").write_bytes(made(name, key.public_key(), names))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(private)
