from django.db import migrations
from django.db.models import OuterRef, Subquery

CAUSES = {
    "capacitor_bank_failure": "capacitor_failure",
    "voltage_imbalance": "phase_imbalance",
    "harmonics": "harmonic_injection",
}
REACTIVE = ("capacitor_failure", "over_compensation", "low_pf_motor")


def say_causes(apps, schema_editor):
    """What was found is one of the detector's causes; a false positive is an outcome, and keeps the detected cause."""
    Resolution = apps.get_model("alerts", "Resolution")
    Alert = apps.get_model("alerts", "Alert")
    found = Resolution.objects
    for old, new in CAUSES.items():
        found.filter(classification=old).update(classification=new)
    detected = Subquery(Alert.objects.filter(pk=OuterRef("alert")).values("cause")[:1])
    factor = found.filter(classification="power_factor_deviation")
    factor.filter(alert__cause__in=REACTIVE).update(classification=detected)
    found.filter(classification="power_factor_deviation").update(classification="low_pf_motor")
    found.filter(classification="sensor_fault", alert__kind="meter").update(classification=detected)
    found.filter(classification="false_positive").update(classification=detected, outcome="false_alarm")


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0014_guidance_and_causes'),
    ]

    operations = [migrations.RunPython(say_causes, migrations.RunPython.noop)]
