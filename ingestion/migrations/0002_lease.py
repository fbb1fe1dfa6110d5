"""The lease of an upload has the fields of every other lease."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0001_uploads")]

    operations = [
        migrations.RemoveIndex(model_name="upload", name="upload_unfinished"),
        migrations.RenameField(model_name="upload", old_name="lease_until", new_name="claimed_until"),
        migrations.RenameField(model_name="upload", old_name="lease_token", new_name="claimed_by"),
        migrations.AddIndex(
            model_name="upload", index=models.Index(fields=["state", "claimed_until"], name="upload_unfinished")
        ),
    ]
