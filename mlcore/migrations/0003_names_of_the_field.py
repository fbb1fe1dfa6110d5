"""A model has a tier; the process that judges a batch of substations step by step owns its scorer."""

from django.db import migrations

from core.permission_renames import ModelName, permissions_follow


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mlcore", "0002_streamkeeper"),
        ("substations", "0003_planned_work"),
    ]

    operations = [
        migrations.RenameField("detector", "rung", "tier"),
        migrations.RenameModel("StreamKeeper", "ScorerOwnership"),
        permissions_follow(
            "mlcore",
            ModelName("streamkeeper", "stream keeper"),
            ModelName("scorerownership", "owner of a scorer"),
        ),
    ]
