"""Which substations somebody is given: all, those of a site, or one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from substations.models import Substation

ONE_HOLDER = Q(user__isnull=False, group__isnull=True) | Q(user__isnull=True, group__isnull=False)
ONE_THING = (
    Q(site="", substation__isnull=True) | Q(everything=False, substation__isnull=True) | Q(everything=False, site="")
)


SEVERAL = _("Received several of them, or none; expected all substations, a site, or a substation.")


class SiteGrant(models.Model):
    """One thing that is given to a user, or to everybody in a group. What a user is given is all of it together.

    A site is given with the substations that name it, now and later. A feeder is none: a switch would move rights.
    A substation that is deleted leaves a row that gives nothing: without any row its user might see all.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="site_grants",
        verbose_name=_("user"),
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="site_grants", verbose_name=_("group")
    )
    everything = models.BooleanField(_("all substations"), default=False)
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("With all its substations."))
    substation = models.ForeignKey(
        Substation, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("substation")
    )

    class Meta:
        verbose_name = _("given site")
        verbose_name_plural = _("given sites")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=ONE_HOLDER, name="site_grant_has_one_holder"),
            models.CheckConstraint(
                condition=ONE_THING,
                name="site_grant_gives_one_thing",
                violation_error_message=SEVERAL,
            ),
            models.UniqueConstraint(
                fields=["user", "site"], condition=~Q(site="") & Q(user__isnull=False), name="site_given_to_a_user_once"
            ),
            models.UniqueConstraint(
                fields=["group", "site"],
                condition=~Q(site="") & Q(group__isnull=False),
                name="site_given_to_a_group_once",
            ),
            models.UniqueConstraint(
                fields=["user", "substation"],
                condition=Q(user__isnull=False, substation__isnull=False),
                name="substation_given_to_a_user_once",
            ),
            models.UniqueConstraint(
                fields=["group", "substation"],
                condition=Q(group__isnull=False, substation__isnull=False),
                name="substation_given_to_a_group_once",
            ),
        ]

    def __str__(self) -> str:
        if self.everything:
            return gettext("all substations")
        return self.substation.code if self.substation else self.site or gettext("nothing")

    def clean(self) -> None:
        """ValidationError where not one thing is given, or a site that no substation names."""
        self.site = self.site.strip()
        if [self.everything, bool(self.site), self.substation_id is not None].count(True) != 1:
            raise ValidationError(SEVERAL)
        if self.site and not Substation._base_manager.filter(site=self.site).exists():
            said = gettext("Received “%(site)s”; expected a site that a substation names.")
            raise ValidationError({"site": said % {"site": self.site}})

    @property
    def holder(self) -> Any:
        return self.user or self.group
