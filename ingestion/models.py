"""Files that came in, what became of them, and the lines that could not be used."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.leases import Leased
from core.site_rights import SiteQuerySet, SiteScope
from ingestion.options import ImportOptions

from .overwritten_models import OverwrittenReading as OverwrittenReading
from .querysets import SourceProfileQuerySet, UploadQuerySet


def _own(scope: SiteScope) -> Q:
    """A file may name any substation: who is given part of the plant sees the files that they sent."""
    return Q(uploaded_by=scope.user_id)


class Upload(Leased):
    """One file and its way into the readings.

        waiting ──answer──► queued ──claim──► loading ──► loaded
           ▲                 ▲ ▲                │ │ └───► rejected   no row of it can be used, or a limit is exceeded
           │                 │ └─ lease ran out ┘ └─────► failed     the program could not; may be queued again
           └─ a question came up while checking ┘             └─────► queued

    A worker holds a lease while it loads, and stores each block of lines, the counts and the place where the block
    ended (``checkpoint``) in one transaction: whoever takes over continues there, so that nothing is lost or doubled.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("needs your input")
        QUEUED = "queued", _("queued")
        LOADING = "loading", _("loading")
        LOADED = "loaded", _("loaded")
        REJECTED = "rejected", _("rejected")
        FAILED = "failed", _("failed")

    class Stage(models.TextChoices):
        NONE = "", _("not started")
        CHECKING = "checking", _("checking the file")
        STORING = "storing", _("storing readings")
        DONE = "done", _("done")

    class Source(models.TextChoices):
        FORM = "form", _("upload form")
        API = "api", _("API")
        FEED = "feed", _("live feed")
        DEMO = "demo", _("demo")
        COMMAND = "command", _("command")

    FINAL = (State.LOADED, State.REJECTED, State.FAILED)
    UNFINISHED = (State.QUEUED, State.LOADING)

    file = models.FileField(_("file"), upload_to="uploads/%Y/%m/", max_length=200, blank=True)
    original_name = models.CharField(_("name"), max_length=255)
    size = models.BigIntegerField(_("size (bytes)"))
    sha256 = models.CharField(max_length=64, db_index=True)  # "was this file here before?"
    fingerprint = models.CharField(max_length=64, help_text=_("Content and options together."))
    source = models.CharField(_("source"), max_length=8, choices=Source, default=Source.FORM)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"), related_name="+"
    )
    created_at = models.DateTimeField(_("received"), auto_now_add=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.QUEUED)
    stage = models.CharField(_("stage"), max_length=8, choices=Stage, default=Stage.NONE, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    options = FiniteJSONField(_("options"), default=dict, blank=True)
    questions = FiniteJSONField(_("open questions"), default=list, blank=True)
    plan = FiniteJSONField(_("plan"), default=dict, blank=True, help_text=_("What the file was read as."))
    load_plan = FiniteJSONField(default=dict, blank=True)

    rows_read = models.BigIntegerField(_("rows read"), default=0)
    rows_new = models.BigIntegerField(_("new"), default=0)
    rows_replaced = models.BigIntegerField(_("replaced"), default=0)
    rows_unchanged = models.BigIntegerField(_("unchanged"), default=0)
    rows_bad = models.BigIntegerField(_("rejected rows"), default=0)
    rows_empty = models.BigIntegerField(_("without values"), default=0)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)

    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    progress_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    checkpoint = FiniteJSONField(default=dict, blank=True)

    objects = UploadQuerySet.as_manager()
    site_path = staticmethod(_own)

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=~Q(state__in=("rejected", "failed")),
                name="upload_of_same_content_and_options_once",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "claimed_until"], name="upload_unfinished"),  # the sweep
            models.Index(fields=["-created_at"], name="upload_newest"),  # the list
        ]

    def __str__(self) -> str:
        return self.original_name

    def get_absolute_url(self) -> str:
        return reverse("ingestion:detail", args=[self.pk])

    @property
    def parsed_options(self) -> ImportOptions:
        return ImportOptions.from_json(self.options)

    @property
    def is_final(self) -> bool:
        return self.state in self.FINAL

    @property
    def rows_stored(self) -> int:
        return self.rows_new + self.rows_replaced

    @property
    def touched(self) -> list[int]:
        """Ids of substations that this file brought readings of, the first five hundred."""
        ids: list[int] = self.checkpoint.get("substations", [])
        return ids

    @property
    def time_left(self) -> timedelta | None:
        """``seconds_left`` as a length of time."""
        return None if self.seconds_left is None else timedelta(seconds=self.seconds_left)

    @property
    def percent(self) -> int:
        """How far the file is read, 0 to 100."""
        if self.state == self.State.LOADED:
            return 100
        return min(99, 100 * self.bytes_done // self.bytes_total) if self.bytes_total else 0

    @property
    def seconds(self) -> float:
        """From the first worker's start to the latest progress."""
        if self.started_at is None or self.progress_at is None:
            return 0.0
        return (self.progress_at - self.started_at).total_seconds()

    @property
    def rows_per_second(self) -> int | None:
        return round(self.rows_read / self.seconds) if self.seconds > 0 and self.rows_read else None

    @property
    def seconds_left(self) -> int | None:
        """Remaining time at the present rate; None while there is no rate yet."""
        if self.state != self.State.LOADING or not self.bytes_done or self.seconds <= 0:
            return None
        return round((self.bytes_total - self.bytes_done) * self.seconds / self.bytes_done)


class RowProblem(models.Model):
    """One line that was not stored: where, what was received, and what was expected."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="problems", db_index=False)
    line = models.BigIntegerField(_("line"))
    field = models.CharField(_("field"), max_length=200)
    received = models.CharField(_("received"), max_length=200, blank=True)
    expected = models.CharField(_("expected"), max_length=300)

    objects = SiteQuerySet["RowProblem"].as_manager()
    site_path = staticmethod(lambda scope: Q(upload__uploaded_by=scope.user_id))

    class Meta:
        ordering = ["line", "pk"]
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        indexes = [models.Index(fields=["upload", "line"], name="problem_page")]  # the table and its download

    def __str__(self) -> str:
        return f"{self.line}: {self.field}"


class SourceProfile(models.Model):
    """Answers that a person confirmed for files of one source: its sender, way, file-name pattern and columns."""

    sender = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, verbose_name=_("sender"), related_name="+"
    )
    source = models.CharField(_("source"), max_length=8, choices=Upload.Source)
    name_pattern = models.CharField(_("file names"), max_length=255, help_text=_("With # for every number."))
    key = models.CharField(max_length=64, unique=True, help_text=_("Of sender, source, file names and columns."))
    columns = FiniteJSONField(_("columns"))
    profile = FiniteJSONField(_("answers"))
    name = models.CharField(_("name"), max_length=255, help_text=_("The file it was confirmed for."))
    updated_at = models.DateTimeField(auto_now=True)

    objects = SourceProfileQuerySet.as_manager()
    site_path = staticmethod(lambda scope: Q(sender=scope.user_id))

    class Meta:
        ordering = ["-updated_at"]
        verbose_name = _("profile of a source")
        verbose_name_plural = _("profiles of sources")

    def __str__(self) -> str:
        return f"{self.name_pattern} ({self.name})"

    @property
    def origin(self) -> dict[str, str]:
        """Where it came from, in words for a page and a client."""
        by = self.sender.get_username() if self.sender else self.get_source_display()
        return {"file": self.name, "by": str(by), "pattern": self.name_pattern, "at": self.updated_at.isoformat()}
