"""The tokens of the table before are good as they were: hashed, with every scope, for a year. That table goes."""

import hashlib
from datetime import UTC, timedelta
from typing import Any

from django.db import migrations
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.dateparse import parse_datetime

OLD_TABLE = "authtoken_token"
SCOPES = ["read", "write_readings", "operate"]
GOOD_FOR = timedelta(days=365)
HINT_LENGTH = 10


def carry_over(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    if OLD_TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT key, user_id, created FROM {OLD_TABLE}")
        rows = cursor.fetchall()
    apps.get_model("accounts", "ApiToken").objects.bulk_create(
        _token(apps, *row) for row in rows
    )
    # Permissions on a table that is gone would be offered in the administration for ever.
    apps.get_model("auth", "Permission").objects.filter(content_type__app_label="authtoken").delete()
    schema_editor.execute(f"DROP TABLE {OLD_TABLE}")
    MigrationRecorder(connection).migration_qs.filter(app="authtoken").delete()


def _token(apps: Any, key: str, user_id: int, created: Any) -> Any:
    return apps.get_model("accounts", "ApiToken")(
        user_id=user_id,
        name="carried over",
        scopes=SCOPES,
        digest=hashlib.sha256(key.encode()).hexdigest(),
        hint=key[:HINT_LENGTH],
        created_at=_aware(created),
        expires_at=timezone.now() + GOOD_FOR,
    )


def _aware(value: Any) -> Any:
    """SQLite hands out the text that it keeps, which is UTC."""
    at = parse_datetime(value) if isinstance(value, str) else value
    return at.replace(tzinfo=UTC) if timezone.is_naive(at) else at


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_api_tokens"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
