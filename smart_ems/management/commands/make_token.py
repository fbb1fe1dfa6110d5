"""A token of the API for a machine, from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smart_ems.accounts import api_tokens
from smart_ems.accounts.security_events import Kind, record_token
from smart_ems.accounts.token_models import Scope


class Command(BaseCommand):
    help = "Make a token of the API for a user and print it, this one time. The rest is said on the error output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="user name whose rights the token has")
        parser.add_argument("--name", required=True, help="what uses it, for example: meter gateway, yard 3")
        parser.add_argument("--scope", action="append", required=True, choices=Scope.values, help="once for each scope")
        parser.add_argument("--days", type=int, help="how long it lasts (default: a year); 0 is for ever, if allowed")

    def handle(self, *args: Any, user: str, name: str, scope: list[str], days: int | None, **options: Any) -> None:
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError(f"Received the user name “{user}”; expected that of an active user.")
        lasts = api_tokens.default_days() if days is None else days
        try:
            made, secret = api_tokens.make(owner, name=name, scopes=scope, days=lasts, now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        record_token(Kind.TOKEN_MADE, made)
        until = f"until {made.expires_at:%Y-%m-%d}" if made.expires_at else "for ever"
        self.stderr.write(f"A token of {owner} for {', '.join(made.scopes)}, good {until}. It is shown only now:")
        self.stdout.write(secret)
