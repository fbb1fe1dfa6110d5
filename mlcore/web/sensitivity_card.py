"""What a page says of the faults that a model would find: counts, bars and delays by cause."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.formatting import figure
from mlcore.injection.sensitivity import CauseSensitivity, FoundShare, SubstationSensitivity
from mlcore.models import Cause, Detector, SensitivityReport


@dataclass(frozen=True, slots=True)
class FoundCell:
    """One cell: the counts as text, the share of its bar or None for an empty one, what it is about in words."""

    text: str
    share: float | None
    heading: str
    label: str
    is_too_few: bool


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A cause with its cells, small to large and then all sizes, and the median delay."""

    cause: str
    cells: list[FoundCell]
    delay: str


@dataclass(frozen=True, slots=True)
class SensitivityCard:
    """The card of the active version. is_pending: asked for or being worked out. rows: empty before a result."""

    detector: Detector | None
    report: SensitivityReport | None
    is_pending: bool
    headings: list[str]
    rows: list[FoundRow]
    known: SubstationSensitivity | None


def sensitivity_card(active: Detector | None) -> SensitivityCard:
    """What is known of a substation's active version; one query."""
    report = SensitivityReport.objects.filter(detector=active).first() if active else None
    known = report.sensitivity if report else None
    headings = [_("Small"), _("Medium"), _("Large"), _("All sizes")]
    rows = [_row(each, headings) for each in known.causes] if known else []
    return SensitivityCard(active, report, bool(report and report.requested_at), headings, rows, known)


def _row(each: CauseSensitivity, headings: list[str]) -> FoundRow:
    cause = str(Cause(each.cause).label)
    shares = [*each.by_size, each.all_sizes]
    cells = [_cell(cause, heading, share) for heading, share in zip(headings, shares, strict=True)]
    return FoundRow(cause, cells, "–" if each.median_delay_h is None else figure(each.median_delay_h, "h"))


def _cell(cause: str, heading: str, share: FoundShare) -> FoundCell:
    counts = _("%(found)d of %(injected)d") % {"found": share.found, "injected": share.injected}
    text = counts if share.injected else "–"
    return FoundCell(text, share.share, heading, f"{cause}, {heading}", share.injected > 0 and share.is_too_few)
