"""Whose losses a page tells: the whole grid, a site or a substation, as its URL says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from substations.models import Substation


@dataclass(frozen=True, slots=True)
class LossScope:
    """``?site=North`` or ``?substation=SS-01``; neither is the whole grid."""

    site: str = ""
    substation: Substation | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> LossScope:
        """Raises Http404 for a site or a substation that is not there."""
        # PostgreSQL knows no text with a NUL, so nothing is called like that.
        code, site = (
            query.get(name, "").replace("\x00", "\N{REPLACEMENT CHARACTER}") for name in ("substation", "site")
        )
        if code:
            found = Substation.objects.filter(code=code).first()
            if found is None:
                raise Http404(_("No substation has the code “%(code)s”.") % {"code": code[:40]})
            return cls(found.site, found)
        if site and not Substation.objects.filter(site=site).exists():
            raise Http404(_("No substation names “%(site)s” as its site.") % {"site": site[:40]})
        return cls(site)

    @property
    def substations(self) -> QuerySet[Substation]:
        if self.substation:
            return Substation.objects.filter(pk=self.substation.pk)
        return Substation.objects.filter(site=self.site) if self.site else Substation.objects.all()

    @property
    def owned(self) -> Q:
        """The rows of a model with a ``substation`` that belong here."""
        if self.substation:
            return Q(substation=self.substation)
        return Q(substation__site=self.site) if self.site else Q()

    @property
    def billed(self) -> Q:
        """The same for what hangs on a tariff's ``assignment``."""
        if self.substation:
            return Q(assignment__substation=self.substation)
        if self.site:
            return Q(assignment__site=self.site) | Q(assignment__substation__site=self.site)
        return Q()

    @property
    def query(self) -> str:
        if self.substation:
            return urlencode({"substation": self.substation.code})
        return urlencode({"site": self.site}) if self.site else ""
