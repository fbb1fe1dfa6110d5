"""What the retention did last, and how much there is of each kind."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.leases import Leased, LeasedQuerySet


class PruningState(Leased):
    """One kind: who works at it, what went, and what was measured last.

    would_free: rows older than the setting, or than what is suggested where nothing is set.
    """

    kind = models.CharField(_("kind"), max_length=16, primary_key=True)
    rows = models.BigIntegerField(_("rows"), default=0)
    oldest_at = models.DateTimeField(_("oldest"), null=True)
    size_bytes = models.BigIntegerField(_("size (bytes)"), null=True)
    would_free = models.BigIntegerField(_("would free"), default=0)
    measured_at = models.DateTimeField(_("measured"), null=True)
    pruned_at = models.DateTimeField(_("last run"), null=True)
    freed = models.BigIntegerField(_("freed by the last run"), default=0)
    waits_for = models.CharField(_("waits for"), max_length=200, blank=True)

    objects = LeasedQuerySet["PruningState"].as_manager()

    class Meta:
        verbose_name = _("state of the retention")
        verbose_name_plural = _("states of the retention")

    def __str__(self) -> str:
        return self.kind
