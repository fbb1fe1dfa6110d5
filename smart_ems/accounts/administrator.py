"""The first administrator of an empty database."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User
from django.db import transaction


@transaction.atomic
def create_first_administrator() -> str | None:
    """Create ``admin`` with a random password and return it; None when the database has a user already."""
    if User.objects.exists():
        return None
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser("admin", password=password)
    return password
