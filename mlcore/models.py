"""What the learning stage stores: detectors (fitted models), the score of each reading, and detected episodes."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.fields import FiniteJSONField
from core.leases import Leased, LeasedQuerySet
from core.retries import Failure, FailureQuerySet
from core.site_rights import SiteQuerySet
from mlcore.diagnosis.analysis import StepStatus
from substations.models import Substation

from .querysets import DetectionQuerySet, DetectorQuerySet, ScoreQuerySet
from .sensitivity_models import SensitivityReport as SensitivityReport  # a model of this app, in a file of its own


class Cause(models.TextChoices):
    """Why: the causes of a loss, then what can be wrong with a meter, then what nobody has named yet."""

    CAPACITOR_FAILURE = "capacitor_failure", _("Capacitor bank failure")
    OVER_COMPENSATION = "over_compensation", _("Over-compensation")
    LOW_PF_MOTOR = "low_pf_motor", _("Low power factor load")
    OVERLOAD = "overload", _("Overload")
    PHASE_IMBALANCE = "phase_imbalance", _("Phase imbalance")
    HARMONIC_INJECTION = "harmonic_injection", _("Harmonics")
    TAP_VOLTAGE = "tap_voltage", _("Voltage or tap position")
    COOLING_FAILURE = "cooling_failure", _("Cooling failure")
    BROKEN_TRIANGLE = "broken_triangle", _("Power triangle does not close")
    POWER_FACTOR_METER = "power_factor_meter", _("Power factor reading is wrong")
    DEAD_PHASE = "dead_phase", _("Dead phase")
    STUCK_VALUE = "stuck_value", _("Stuck value")
    IMPOSSIBLE_VALUE = "impossible_value", _("Impossible value")
    CT_ERROR = "ct_error", _("Current transformer error")
    VT_ERROR = "vt_error", _("Voltage transformer error")
    REVERSED_CT = "reversed_ct", _("Reversed current transformer")
    TEMPERATURE_SENSOR = "temperature_sensor", _("Temperature sensor fault")
    REVERSED_CTS = "reversed_cts", _("All current transformers reversed")
    SWAPPED_PHASES = "swapped_phases", _("Two phases exchanged at the meter")
    ROTATED_PHASES = "rotated_phases", _("Currents on the wrong voltages")
    REACTIVE_SIGN = "reactive_sign", _("Sign of reactive power reversed")
    POWER_FACTOR_SIGN = "power_factor_sign", _("Sign of power factor reversed")
    POWER_DIRECTION = "power_direction", _("Direction of power not known")
    GENERATION = "generation", _("Generation behind the meter")
    UNUSUAL = "unusual_behaviour", _("Unusual behaviour")
    DATA_MISSING = "data_missing", _("Data missing")


METER_CAUSES = (
    Cause.BROKEN_TRIANGLE, Cause.POWER_FACTOR_METER, Cause.DEAD_PHASE, Cause.STUCK_VALUE, Cause.IMPOSSIBLE_VALUE,
    Cause.CT_ERROR, Cause.VT_ERROR, Cause.REVERSED_CT, Cause.TEMPERATURE_SENSOR, Cause.REVERSED_CTS,
    Cause.SWAPPED_PHASES, Cause.ROTATED_PHASES, Cause.REACTIVE_SIGN, Cause.POWER_FACTOR_SIGN,
)  # fmt: skip
"""What can be wrong with a meter: where it is, the loss that was found is none."""


class Detector(models.Model):
    """One fitted model of one substation: version, what it learned from, and its artifact in the same row.

    The artifact is safetensors (arrays) and JSON (settings): no pickle, no file beside the database. At
    most one version of a substation is active.
    """

    class Tier(models.TextChoices):
        LIMITS = "limits", _("Limits only")
        REGRESSION = "regression", _("Own regression")
        BACKBONE = "backbone", _("Supplied network")
        FLEET = "fleet", _("Shared fleet network")
        OWN = "own", _("Own network")

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="detectors", db_index=False)
    version = models.PositiveIntegerField(_("version"))
    tier = models.CharField(_("model tier"), max_length=12, choices=Tier, default=Tier.REGRESSION)
    is_active = models.BooleanField(_("active"), default=False)
    trained_from = models.DateTimeField(_("trained from"))
    trained_until = models.DateTimeField(_("trained until"))
    row_count = models.PositiveIntegerField(_("rows"), help_text=_("Readings in the training range."))
    excluded_count = models.PositiveIntegerField(_("excluded rows"), default=0)
    threshold = models.FloatField(_("network threshold"), null=True, blank=True)
    metrics = FiniteJSONField(_("metrics"), default=dict, blank=True)
    arrays = models.BinaryField(_("arrays (safetensors)"))
    meta = FiniteJSONField(_("settings of the artifact"), default=dict)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    is_pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("Later versions are trained, but do not take its place by themselves.")
    )
    broken_reason = models.CharField(
        _("cannot be used"), max_length=300, blank=True, help_text=_("Why the stored model is invalid.")
    )

    objects = DetectorQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["substation__code", "-version"]
        verbose_name = _("detector")
        verbose_name_plural = _("detectors")
        constraints = [
            models.UniqueConstraint(fields=["substation", "version"], name="detector_version_is_used_once"),
            models.UniqueConstraint(
                fields=["substation"], condition=Q(is_active=True), name="one_active_detector_per_substation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} v{self.version}"


class DetectorEvent(models.Model):
    """What happened to a version, and who did it: rows are only ever added."""

    class Action(models.TextChoices):
        TRAINED = "trained", _("Trained")
        ACTIVATED = "activated", _("Made active")
        KEPT_BACK = "kept_back", _("Not made active")
        PINNED = "pinned", _("Pinned")
        UNPINNED = "unpinned", _("Unpinned")
        REFUSED = "refused", _("Model invalid")
        LEARN_AGAIN = "learn_again", _("Learn again")

    detector = models.ForeignKey(Detector, models.CASCADE, related_name="events")
    at = models.DateTimeField(_("time"), auto_now_add=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    action = models.CharField(_("action"), max_length=12, choices=Action)
    note = models.TextField(_("note"), blank=True)

    objects = SiteQuerySet["DetectorEvent"].as_manager()
    site_path = "detector__substation"

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("detector event")
        verbose_name_plural = _("detector events")

    def __str__(self) -> str:
        return f"{self.detector} {self.get_action_display()}"


class RaisedLimit(models.Model):
    """What operators taught: episodes of this cause on this substation are raised only above ``factor``.

    1.0 is the learned threshold. It rises when such an episode is resolved as a false alarm; deleting the row takes the
    lesson back.
    """

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="raised_limits", db_index=False)
    cause = models.CharField(_("cause"), max_length=24, choices=Cause)
    factor = models.FloatField(_("limit"), help_text=_("Multiple of the learned threshold."))
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = SiteQuerySet["RaisedLimit"].as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["substation__code", "cause"]
        verbose_name = _("raised limit")
        verbose_name_plural = _("raised limits")
        constraints = [
            models.UniqueConstraint(fields=["substation", "cause"], name="one_raised_limit_per_cause"),
            models.CheckConstraint(condition=Q(factor__gte=1), name="raised_limit_is_not_below_one"),
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} {self.get_cause_display()} ×{self.factor:.2f}"


class TrainingAttempt(Leased):
    """When a substation was last considered for training, and who is at it now.

    A worker that trains a group holds the claim of the substation that names the group. ``newest_at`` is the newest
    reading that was considered: a substation whose data gave no model is tried again only when there is more of it.
    """

    substation = models.OneToOneField(Substation, models.CASCADE, primary_key=True, related_name="training_attempt")
    newest_at = models.DateTimeField(null=True, blank=True)
    requested_at = models.DateTimeField(null=True, blank=True, help_text=_("When training was queued by hand."))

    objects = LeasedQuerySet["TrainingAttempt"].as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("training attempt")
        verbose_name_plural = _("training attempts")

    def __str__(self) -> str:
        return f"{self.substation_id}: {self.newest_at}"


class ScoringFailure(Failure):
    """Why a substation cannot be judged. Its readings wait and are tried again; the first result deletes the row."""

    substation = models.OneToOneField(Substation, models.CASCADE, primary_key=True, related_name="scoring_failure")

    objects = FailureQuerySet["ScoringFailure"].as_manager()
    site_path = "substation"

    class Meta(Failure.Meta):
        verbose_name = _("scoring failure")
        verbose_name_plural = _("scoring failures")


class TrainingFailure(Failure):
    """Why a substation could not be trained when it was due; the next training that ends deletes the row."""

    substation = models.OneToOneField(Substation, models.CASCADE, primary_key=True, related_name="training_failure")

    objects = FailureQuerySet["TrainingFailure"].as_manager()
    site_path = "substation"

    class Meta(Failure.Meta):
        verbose_name = _("training failure")
        verbose_name_plural = _("training failures")


class ScorerOwnership(models.Model):
    """Which worker process judges a batch of substations step by step, and how far it has come.

    The scorer's state is in that process alone. A row that says anything else than what the process remembers tells it
    that somebody judged the batch meanwhile, and that the state has to be built again.
    """

    first = models.OneToOneField(Substation, models.CASCADE, primary_key=True, related_name="+")
    process = models.UUIDField()
    judged_until = models.DateTimeField()

    objects = SiteQuerySet["ScorerOwnership"].as_manager()
    site_path = "first"

    class Meta:
        verbose_name = _("owner of a scorer")
        verbose_name_plural = _("owners of scorers")

    def __str__(self) -> str:
        return f"{self.first_id}: {self.process}"


class Score(models.Model):
    """How abnormal one reading is, with what was expected: 1.0 is the alarm threshold, higher is more abnormal."""

    class Validity(models.IntegerChoices):
        OK = StepStatus.OK, _("Scored")
        WARMING = StepStatus.WARMING, _("Warming up")
        DEAD = StepStatus.DE_ENERGISED, _("De-energised")
        BAD = StepStatus.BAD_DATA, _("Bad quality")

    pk = models.CompositePrimaryKey("substation", "at")
    substation = models.ForeignKey(Substation, models.CASCADE, related_name="scores", db_index=False)
    at = models.DateTimeField(_("time (UTC)"))
    score = models.FloatField(null=True)
    channel = models.CharField(max_length=24, blank=True, help_text=_("The indicator that is furthest from normal."))
    status = models.PositiveSmallIntegerField(choices=Validity, default=Validity.OK)
    network_score = models.FloatField(null=True)
    expected_reactive_power_kvar = models.FloatField(null=True)
    expected_power_factor = models.FloatField(null=True)
    power_factor_low = models.FloatField(null=True)
    power_factor_high = models.FloatField(null=True)
    loss_kw = models.FloatField(null=True)
    extra_loss_kw = models.FloatField(null=True)
    avoidable_loss_kw = models.FloatField(null=True)

    objects = ScoreQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")

    def __str__(self) -> str:
        return f"{self.substation_id} {self.at:%Y-%m-%d %H:%M} {self.score}"


class Detection(models.Model):
    """One episode: when (start, end, peak), where, why (cause, reason, evidence) and how much (extra loss).

    ``revision`` grows with every change, so that whoever reads detections can tell which of them it has not seen.
    """

    class Kind(models.TextChoices):
        LOSS = "loss", _("Technical loss")
        METER = "meter", _("Check the meter")
        UNUSUAL = "unusual", _("Unusual behaviour")
        DATA_MISSING = "data_missing", _("Data missing")
        INFO = "info", _("Information")

    class Verdict(models.TextChoices):
        NONE = "", _("Not evaluated")
        CONFIRMED = "confirmed", _("Confirmed")
        FALSE_ALARM = "false_alarm", _("False alarm")

    class Severity(models.IntegerChoices):
        WARNING = 10, _("Warning")
        CRITICAL = 20, _("Critical")

    substation = models.ForeignKey(Substation, models.CASCADE, related_name="detections", db_index=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    cause = models.CharField(_("cause"), max_length=24, choices=Cause)
    severity = models.PositiveSmallIntegerField(_("severity"), choices=Severity)
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"), null=True, blank=True, help_text=_("Empty while it is ongoing."))
    peak = models.DateTimeField(_("peak"))
    loss_kwh = models.FloatField(_("extra loss (kWh)"), null=True)
    loss_low_kwh = models.FloatField(_("extra loss, low (kWh)"), null=True)
    loss_high_kwh = models.FloatField(_("extra loss, high (kWh)"), null=True)
    loss_pct = models.FloatField(_("extra loss (%)"), null=True)
    score = models.FloatField(_("score"))
    confidence = models.FloatField(_("confidence"), null=True)
    reason = models.TextField(_("reason"))
    evidence = FiniteJSONField(_("evidence"), default=dict)
    detector = models.ForeignKey(Detector, models.SET_NULL, null=True, blank=True, related_name="detections")
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict, default=Verdict.NONE, blank=True)
    revision = models.PositiveIntegerField(default=1)
    withdrawn_at = models.DateTimeField(
        _("withdrawn"),
        null=True,
        blank=True,
        help_text=_("No longer found with corrected data or a newer model."),
    )
    created_at = models.DateTimeField(_("found"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    objects = DetectionQuerySet.as_manager()
    site_path = "substation"

    class Meta:
        ordering = ["-start"]
        verbose_name = _("detection")
        verbose_name_plural = _("detections")
        constraints = [
            models.UniqueConstraint(fields=["substation", "kind", "cause", "start"], name="detection_starts_once"),
            models.CheckConstraint(
                condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="detection_ends_after_it_starts"
            ),
        ]
        indexes = [
            models.Index(fields=["substation", "start"], name="detection_by_substation"),  # chart and reconciliation
            models.Index(fields=["changed_at"], name="detection_changed"),  # what a reader has not seen
        ]

    def __str__(self) -> str:
        return f"{self.substation.code} {self.get_cause_display()} {self.start:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.end is None and self.withdrawn_at is None

    @property
    def occurrences(self) -> int:
        """How often it was there: it may have been over and back while the windows of its alarm remembered it."""
        return max(len(self.evidence.get("spells", ())), 1)

    @property
    def starts(self) -> list[datetime]:
        """When it came, each time."""
        spells = self.evidence.get("spells")
        return [datetime.fromisoformat(spell["from"]) for spell in spells] if spells else [self.start]

    @property
    def seen_until(self) -> datetime | None:
        """End of the last reading that showed it; None where nothing says so."""
        spells = self.evidence.get("spells")
        return datetime.fromisoformat(spells[-1]["until"]) if spells else self.end
