"""Networks of earlier versions had no say and are not used: their models judge as regressions until trained again."""

from django.db import migrations
from django.utils import timezone

WITH_NETWORK = ("fleet", "own")


def ask_for_training(apps, schema_editor):
    Detector = apps.get_model("mlcore", "Detector")
    TrainingAttempt = apps.get_model("mlcore", "TrainingAttempt")
    known = Detector.objects.filter(tier__in=WITH_NETWORK)
    now = timezone.now()
    for pk in known.filter(is_active=True).values_list("substation_id", flat=True).distinct():
        TrainingAttempt.objects.update_or_create(substation_id=pk, defaults={"requested_at": now})
    known.update(tier="regression")


class Migration(migrations.Migration):
    dependencies = [
        ("mlcore", "0012_what_would_be_found"),
    ]

    operations = [
        migrations.RunPython(ask_for_training, migrations.RunPython.noop),
    ]
