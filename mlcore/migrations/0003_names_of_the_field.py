"""A model has a tier; the process that judges a batch of substations step by step owns its scorer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mlcore", "0002_streamkeeper"), ("substations", "0003_planned_work")]

    operations = [
        migrations.RenameField("detector", "rung", "tier"),
        migrations.RenameModel("StreamKeeper", "ScorerOwnership"),
    ]
