"""Events that were there before notifications are nobody's news: routing begins after them."""

from django.db import migrations
from django.db.models import Max


def begin(apps, schema_editor):
    newest = apps.get_model("alerts", "AlertEvent").objects.aggregate(pk=Max("pk"))["pk"]
    apps.get_model("notifications", "RoutingFloor").objects.create(pk=1, event_pk=newest or 0)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_notifications")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
