"""What waits to be scored is called a pending range."""

import django.db.models.deletion
from django.db import migrations, models

from core.permission_renames import ModelName, permissions_follow


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("substations", "0003_planned_work"),
    ]

    operations = [
        migrations.RenameModel(old_name="Span", new_name="PendingRange"),
        migrations.AlterModelOptions(
            name="pendingrange",
            options={"verbose_name": "pending range", "verbose_name_plural": "pending ranges"},
        ),
        migrations.AlterField(
            model_name="pendingrange",
            name="substation",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="pending_ranges",
                to="substations.substation",
            ),
        ),
        migrations.RenameIndex(model_name="pendingrange", old_name="span_waiting", new_name="pending_range_waiting"),
        migrations.RemoveConstraint(model_name="pendingrange", name="span_ends_after_it_starts"),
        migrations.AddConstraint(
            model_name="pendingrange",
            constraint=models.CheckConstraint(
                condition=models.Q(("end__gte", models.F("start"))), name="pending_range_ends_after_it_starts"
            ),
        ),
        permissions_follow("substations", ModelName("span", "span"), ModelName("pendingrange", "pending range")),
    ]
