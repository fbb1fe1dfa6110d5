"""Search everywhere: what a user may see of substations, alerts, files, models and pages, in one query each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.models import Alert
from ingestion.models import Upload
from mlcore.models import Cause
from substations.models import Substation

MOST = 6  # of each kind


@dataclass(frozen=True, slots=True)
class Hit:
    label: str
    detail: str
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class ResultGroup:
    title: str
    hits: list[Hit]


def find(text: str, user: User) -> list[ResultGroup]:
    """Groups that have hits, in the order of the work: substations, alerts, files, models, pages.

    Without a text only the pages are listed. At most one query per kind that the user may see.
    """
    text = text.replace("\x00", "").strip()  # PostgreSQL takes no NUL
    groups = [ResultGroup(_("Pages"), _pages(text, user))]
    if text:
        kinds: list[tuple[str, str, Callable[[str], Iterable[Hit]]]] = [
            (_("Substations"), "substations.view_substation", _substations),
            (_("Alerts"), "alerts.view_alert", _alerts),
            (_("Files"), "ingestion.view_upload", _uploads),
            (_("Models"), "mlcore.view_detector", _models),
        ]
        groups = [
            ResultGroup(title, list(look(text))) for title, needed, look in kinds if user.has_perm(needed)
        ] + groups
    return [group for group in groups if group.hits]


def _substations(text: str) -> Iterable[Hit]:
    for each in Substation.objects.matching(text).order_by("code")[:MOST]:
        yield Hit(str(each), each.site, each.get_absolute_url(), "zap")


def _alerts(text: str) -> Iterable[Hit]:
    """By number (``12`` or ``#12``), by substation, or by the cause as the pages name it; open ones first."""
    causes = [value for value, label in Cause.choices if text.casefold() in str(label).casefold()]
    wanted = Q(substation__code__icontains=text) | Q(substation__name__icontains=text) | Q(cause__in=causes)
    number = text.removeprefix("#")
    if number.isdecimal() and len(number) < 10:
        wanted |= Q(pk=int(number))
    found = Alert.objects.filter(wanted).with_newest_reading().select_related("substation")
    for each in found.order_by(F("closed_at").desc(nulls_first=True), "-raised_at", "-pk")[:MOST]:
        label = f"#{each.pk} {each.get_cause_display()} · {each.substation}"
        yield Hit(label, each.state_label, each.get_absolute_url(), "bell")


def _uploads(text: str) -> Iterable[Hit]:
    found = Upload.objects.filter(original_name__icontains=text).defer("options", "checkpoint")
    for each in found.order_by("-created_at", "-pk")[:MOST]:
        yield Hit(each.original_name, each.get_state_display(), each.get_absolute_url(), "file-text")


def _models(text: str) -> Iterable[Hit]:
    found = Substation.objects.matching(text).filter(detectors__is_active=True)
    for each in found.order_by("code")[:MOST]:
        label = _("Model of %(substation)s") % {"substation": each}
        yield Hit(label, "", reverse("mlcore:detail", args=[each.code]), "brain-circuit")


def _pages(text: str, user: User) -> list[Hit]:
    """The pages whose name holds the text and that the user may open."""
    pages = [
        ("dashboard", _("Dashboard"), "layout-dashboard", "substations.view_substation"),
        ("alerts:list", _("Alerts"), "bell", "alerts.view_alert"),
        ("alerts:history", _("History"), "history", "alerts.view_alert"),
        ("substations", _("Substations"), "zap", "substations.view_substation"),
        ("ingestion:list", _("Uploads"), "upload", "ingestion.view_upload"),
        ("ingestion:create", _("Upload readings"), "upload", "ingestion.add_upload"),
        ("mlcore:list", _("Models"), "brain-circuit", "mlcore.view_detector"),
        ("preferences", _("Preferences"), "settings", ""),
        ("password_change", _("Change password"), "key-round", ""),
        ("api-docs", _("API"), "code-xml", ""),
    ]
    return [
        Hit(label, "", reverse(name), icon)
        for name, label, icon, needed in pages
        if text.casefold() in label.casefold() and (not needed or user.has_perm(needed))
    ]
