from datetime import date

from django.db import migrations

EXERCISE = "Energy audit exercise (Rs 300 per kvar, scribd.com/document/353052990), kvar calculator (Rs 600, tooljolt.com)"
EXAMPLE = "No source: an example to show the table, to be replaced by quotations"
# kind, up to kvar, low, high, source, example
ROWS = (
    ("fixed", 1000, 300, 600, EXERCISE, False),
    ("automatic", 1000, 600, 1200, EXAMPLE, True),
    ("detuned", 1000, 1200, 2400, EXAMPLE, True),
)


def add(apps, schema_editor):
    prices = apps.get_model("losses", "BankPrice")
    for kind, kvar, low, high, source, is_example in ROWS:
        prices.objects.get_or_create(
            kind=kind, currency="INR", up_to_kvar=kvar,
            defaults={
                "low": low, "high": high, "source": source, "source_date": date(2026, 11, 26),
                "is_example": is_example,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("losses", "0008_compensation")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
