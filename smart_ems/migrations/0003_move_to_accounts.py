"""Preferences and sign-in attempts become tables of the app ``accounts``; the rows stay."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("smart_ems", "0002_sign_in_attempts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterModelTable("Preferences", "accounts_preferences"),
                migrations.AlterModelTable("SignInAttempt", "accounts_signinattempt"),
            ],
            state_operations=[migrations.DeleteModel("Preferences"), migrations.DeleteModel("SignInAttempt")],
        ),
    ]
