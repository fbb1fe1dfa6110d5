"""Preferences and sign-in attempts become tables of the app ``accounts``; the rows stay, and who may see them."""

from django.db import migrations


def move_content_types(apps, schema_editor):
    """Permissions hang on the content type of a table: it moves along, or a second one would stand beside it."""
    types = apps.get_model("contenttypes", "ContentType").objects
    types.filter(app_label="smart_ems", model__in=["preferences", "signinattempt"]).update(app_label="accounts")


def move_content_types_back(apps, schema_editor):
    types = apps.get_model("contenttypes", "ContentType").objects
    types.filter(app_label="accounts", model__in=["preferences", "signinattempt"]).update(app_label="smart_ems")


class Migration(migrations.Migration):
    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("smart_ems", "0002_sign_in_attempts"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterModelTable("Preferences", "accounts_preferences"),
                migrations.AlterModelTable("SignInAttempt", "accounts_signinattempt"),
            ],
            state_operations=[migrations.DeleteModel("Preferences"), migrations.DeleteModel("SignInAttempt")],
        ),
        migrations.RunPython(move_content_types, move_content_types_back),
    ]
