"""A database with tokens of the table before: they are good after the update, hashed, and that table is gone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from smart_ems.accounts.models import ApiToken

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"
OLD_TABLE = (
    "CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created timestamp with time zone NOT NULL, "
    "user_id integer NOT NULL UNIQUE REFERENCES auth_user (id) DEFERRABLE INITIALLY DEFERRED)"
)


def test_an_old_token_goes_on_to_be_good(person: object) -> None:
    user = User.objects.create_user("gateway")
    call_command("migrate", "accounts", "0004", verbosity=0)
    old_type = ContentType.objects.create(app_label="authtoken", model="token")
    Permission.objects.create(content_type=old_type, codename="view_token", name="Can view Token")
    MigrationRecorder(connection).record_applied("authtoken", "0001_initial")
    made_at = timezone.now().replace(microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(OLD_TABLE.replace("timestamp with time zone", "datetime") if _is_sqlite() else OLD_TABLE)
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, %s, %s)", [KEY, made_at, user.pk])
    call_command("migrate", verbosity=0)
    token = ApiToken.objects.get()
    assert (token.user, token.name, token.scopes) == (user, "carried over", ["read", "write_readings", "operate"])
    assert (token.created_at, token.hint) == (made_at, KEY[:10])
    assert token.expires_at is not None
    assert (token.expires_at - timezone.now()).days == 364
    for keyword in ("Token", "Bearer"):
        answer = Client().get("/api/tokens/", headers={"Authorization": f"{keyword} {KEY}"})
        assert answer.status_code == 200
    assert "authtoken_token" not in connection.introspection.table_names()
    assert not Permission.objects.filter(content_type__app_label="authtoken").exists()


def _is_sqlite() -> bool:
    return connection.vendor == "sqlite"
