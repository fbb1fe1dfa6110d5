"""Work out which banks are missing, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from losses.recommendations import refresh_recommendations
from substations.models import Substation


class Command(BaseCommand):
    help = (
        "Work out recommended capacitor banks from the stored hours, of all substations or of some with their networks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("codes", nargs="*", metavar="CODE", help="substations; none: all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        codes = options["codes"]
        known = set(Substation.objects.filter(code__in=codes).values_list("code", flat=True))
        if unknown := sorted(set(codes) - known):
            raise CommandError(f"Received {', '.join(unknown)}; expected codes of substations.")
        count = refresh_recommendations(codes, anyway=True)
        self.stdout.write(f"{count} substation{'' if count == 1 else 's'} worked out.")
