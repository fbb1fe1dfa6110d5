"""For an administrator who has lost the own phone or key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from smart_ems.accounts import second_factor


class Command(BaseCommand):
    help = "End the second factor of a user who lost it, and their sessions; they sign in by password then."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name")

    def handle(self, *args: Any, user: str, **options: Any) -> None:
        found = User.objects.filter(username=user).first()
        if found is None:
            raise CommandError(f"Received the user name “{user}”; there is no such user.")
        if not second_factor.end(found):
            raise CommandError(f"{user} has no second factor.")
        self.stdout.write(f"The second factor of {user} is ended.")
