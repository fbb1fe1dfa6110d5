"""Acknowledging several alerts at once: each by itself, so that one that moved does not hold up the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
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
    """changed: the alerts that moved. skipped: what was left alone, and why."""

    changed: list[Alert] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def acknowledge(chosen: Sequence[str], *, by: User) -> Result:
    """Acknowledge alerts named as ``number:version``; the version is that of the row that the person saw.

    At most 200 at once; what is not of that form is skipped with the reason.
    """
    result = Result()
    wanted: dict[int, int] = {}
    for text in chosen[:MAX_AT_ONCE]:
        number, _colon, version = text.partition(":")
        if number.isdecimal() and version.isdecimal() and len(text) < 30:
            wanted[int(number)] = int(version)
        else:
            result.skipped.append((text[:40], _("expected the number and the version of an alert.")))
    found = Alert.objects.select_related("substation").in_bulk(wanted)
    for pk, expected in wanted.items():
        _one(found.get(pk), pk, expected, by, result)
    return result


def _one(alert: Alert | None, pk: int, version: int, by: User, result: Result) -> None:
    if alert is None:
        result.skipped.append((f"#{pk}", _("there is no such alert.")))
        return
    try:
        services.acknowledge(alert, by=by, version=version)
    except (Refused, Conflict) as error:
        result.skipped.append((f"{alert.substation.code}, {alert.get_cause_display()}", explain(error)))
    else:
        result.changed.append(alert)
