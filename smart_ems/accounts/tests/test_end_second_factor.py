"""``./ems manage end_second_factor``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from smart_ems.accounts.models import SecurityEvent

from .factor_scenes import is_signed_in, signed_in_by_password, with_app

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_ends_the_factor_and_writes_it_down(
    person: Callable[[str], User], capsys: pytest.CaptureFixture[str]
) -> None:
    user = person("viewer")
    with_app(user)
    call_command("end_second_factor", user.username)
    assert "is ended" in capsys.readouterr().out
    event = SecurityEvent.objects.get(kind="factor_ended")
    assert (event.account, event.actor) == (user.username, "")
    assert is_signed_in(signed_in_by_password(user.username)[0])
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("end_second_factor", user.username)


def test_it_says_that_there_is_no_such_user() -> None:
    with pytest.raises(CommandError, match="there is no such user"):
        call_command("end_second_factor", "nobody")
