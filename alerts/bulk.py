"""Changing several alerts at once: each by itself, so that one that moved does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from . import services
from .changes import Conflict
from .display_names import explain
from .lifecycle import Refused
from .models import Alert

# chosen: bounds the work of one request; more than anybody ticks by hand.
MAX_AT_ONCE = 200


@dataclass
class Result:
    """changed: the alerts that moved. refused: number of each that was left alone, and why; skipped: the same for
    people."""

    changed: list[Alert] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, pk: int, name: str, why: str) -> None:
        self.refused[pk] = why
        self.skipped.append((name, why))


def acknowledge(chosen: Sequence[str], *, by: User) -> Result:
    """Acknowledge alerts named as ``number:version``; the version is that of the row that the person saw.

    At most 200 at once; what is not of that form is skipped with the reason.
    """
    wanted: dict[int, int | None] = {}
    malformed = []
    for text in chosen[:MAX_AT_ONCE]:
        number, _colon, version = text.partition(":")
        if number.isdecimal() and version.isdecimal() and len(text) < 30:
            wanted[int(number)] = int(version)
        else:
            malformed.append((text[:40], _("expected the number and the version of an alert.")))
    result = change(wanted, services.acknowledge, by=by)
    result.skipped[:0] = malformed
    return result


def change(wanted: Mapping[int, int | None], service: Callable[..., Alert], **values: Any) -> Result:
    """Call one service for each alert, by its number with the version that it is expected to have (None: any)."""
    result = Result()
    found = Alert.objects.select_related("substation").in_bulk(wanted)
    for pk, version in wanted.items():
        alert = found.get(pk)
        if alert is None:
            result.refuse(pk, f"#{pk}", _("there is no such alert."))
            continue
        try:
            service(alert, version=version, **values)
        except (Refused, Conflict, PermissionDenied) as error:
            result.refuse(pk, f"{alert.substation.code}, {alert.get_cause_display()}", explain(error))
        else:
            result.changed.append(alert)
    return result
