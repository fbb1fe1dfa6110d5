"""Changing several alerts at once: each by itself, so that one that moved does not hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
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
    """changed: the alerts that moved. skipped: what was left alone, and why. refused: the same by number."""

    changed: list[Alert] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)

    def refuse(self, pk: int, name: str, why: str) -> None:
        self.refused[pk] = why
        self.skipped.append((name, why))


def acknowledge(chosen: Sequence[str], *, by: User) -> Result:
    """Acknowledge alerts named as ``number:version``; the version is that of the row that the person saw.

    At most 200 at once; what is not of that form is skipped with the reason.
    """
    result = Result()
    for alert, version in named(chosen, result):
        _one(alert, partial(services.acknowledge, alert, by=by, version=version), result)
    return result


def resolve(chosen: Sequence[str], *, by: User, findings: Mapping[str, str]) -> Result:
    """Resolve alerts of one kind, named as for ``acknowledge``, all with the same findings.

    Raises:
        ValueError: they are of several kinds.
    """
    result = Result()
    alerts = named(chosen, result)
    refuse_several_kinds([alert for alert, _version in alerts])
    for alert, version in alerts:
        _one(alert, partial(services.resolve, alert, by=by, findings=findings, version=version), result)
    return result


def change(wanted: Mapping[int, int | None], service: Callable[..., Alert], **values: Any) -> Result:
    """Call one service for each alert, by its number with the version that it is expected to have (None: any)."""
    result = Result()
    found = Alert.objects.select_related("substation").in_bulk(wanted)
    for pk, version in wanted.items():
        if pk in found:
            _one(found[pk], partial(service, found[pk], version=version, **values), result)
        else:
            result.refuse(pk, f"#{pk}", _("there is no such alert."))
    return result


def refuse_several_kinds(alerts: Sequence[Alert]) -> None:
    kinds = sorted({str(alert.get_kind_display()) for alert in alerts})
    if len(kinds) > 1:
        said = _("Received alerts of several kinds (%(kinds)s); expected alerts of one kind.")
        raise ValueError(said % {"kinds": ", ".join(kinds)})


def named(chosen: Sequence[str], result: Result) -> list[tuple[Alert, int]]:
    """The alerts that are named as ``number:version``, and the version that the person saw; the rest is skipped."""
    wanted: dict[int, int] = {}
    for text in chosen[:MAX_AT_ONCE]:
        number, _colon, version = text.partition(":")
        if number.isdecimal() and version.isdecimal() and len(text) < 30:
            wanted[int(number)] = int(version)
        else:
            result.skipped.append((text[:40], _("expected the number and the version of an alert.")))
    found = Alert.objects.select_related("substation").in_bulk(wanted)
    result.skipped += [(f"#{pk}", _("there is no such alert.")) for pk in wanted if pk not in found]
    return [(found[pk], version) for pk, version in wanted.items() if pk in found]


def _one(alert: Alert, change: Callable[[], Alert], result: Result) -> None:
    try:
        change()
    except (Refused, Conflict, PermissionDenied) as error:
        result.refuse(alert.pk, f"{alert.substation.code}, {alert.get_cause_display()}", explain(error))
    else:
        result.changed.append(alert)
