"""An account for somebody who chooses name and password by a link."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smart_ems.accounts import invitations
from smart_ems.accounts.models import Invitation


class Command(BaseCommand):
    help = "Invite an e-mail address into a role and print the link, which is good once and for seven days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("address", help="e-mail address")
        parser.add_argument("--role", required=True, choices=Invitation.InvitedRole.values)
        parser.add_argument("--mail", action="store_true", help="send the link to the address, too")

    def handle(self, *args: Any, address: str, role: str, mail: bool, **options: Any) -> None:
        made = Invitation(email=address, role=role)
        try:
            path = invitations.invite(made, by=None, now=timezone.now())
        except ValidationError as error:
            raise CommandError(f"Received “{address}”: {' '.join(error.messages)}") from error
        if mail:
            invitations.mail(made, path)
        self.stdout.write(f"{settings.PUBLIC_URL}{path}")
