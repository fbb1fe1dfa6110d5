"""One row for each change of what is configured. Rows are added and never changed."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.site_rights import SiteQuerySet, SiteScope


def _of_given(scope: SiteScope) -> Q:
    """Of what is given; a line may name a substation at its other end that is not."""
    return Q(substation_pk__in=scope.substations()) & ~Q(subject="substations.link")


class ConfigurationChange(models.Model):
    """Names are kept as they were then: whoever and whatever is deleted later stays readable."""

    class ChangeAction(models.TextChoices):
        MADE = "made", _("Made")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")

    class Origin(models.TextChoices):
        PAGE = "page", _("Page")
        ADMINISTRATION = "administration", _("Administration")
        API = "api", _("API")
        COMMAND = "command", _("Command")
        WORKER = "worker", _("Worker")

    at = models.DateTimeField(_("when"))
    author = models.CharField(_("by"), max_length=150, blank=True, help_text=_("Empty: nobody who was signed in."))
    origin = models.CharField(_("by way of"), max_length=14, choices=Origin)
    address = models.CharField(_("address"), max_length=64, blank=True)
    action = models.CharField(_("what was done"), max_length=7, choices=ChangeAction)
    subject = models.CharField(_("kind"), max_length=80, help_text=_("For example substations.substation."))
    subject_pk = models.CharField(max_length=64)
    name = models.CharField(_("name"), max_length=200, help_text=_("As it was then."))
    substation_pk = models.BigIntegerField(null=True, help_text=_("The substation that it concerns, if one."))
    changes = FiniteJSONField(help_text=_("Each field with its value before and after."))

    objects = SiteQuerySet["ConfigurationChange"].as_manager()
    site_path = staticmethod(_of_given)

    class Meta:
        verbose_name = _("change of the configuration")
        verbose_name_plural = _("changes of the configuration")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="newest_changes"),  # the list
            models.Index(fields=["subject", "subject_pk", "-at"], name="changes_of_an_object"),
            models.Index(fields=["substation_pk", "-at"], name="changes_of_a_substation"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_action_display()}: {self.name}"

    def save(self, *args: Any, **values: Any) -> None:
        """
        Raises:
            TypeError: it is there already.
        """
        if self.pk is not None:
            raise TypeError("A change that was made is not changed.")
        super().save(*args, **values)

    def delete(self, *args: Any, **values: Any) -> NoReturn:
        """
        Raises:
            TypeError: always.
        """
        raise TypeError("A change that was made is not deleted.")
