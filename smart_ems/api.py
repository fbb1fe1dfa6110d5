"""The REST API: each app brings its view sets, this module gives them their addresses."""

from __future__ import annotations

from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.routers import DefaultRouter

from alerts.api import AlertViewSet
from alerts.handover_api import ShiftHandoverViewSet, ShiftNoteViewSet
from alerts.kpi_api import AlarmKpiViewSet
from alerts.system_alarm_api import SystemAlarmViewSet
from core.parsers import JsonBody, NdjsonBody
from ingestion.api import ReadingIntakeMixin, UploadViewSet
from ingestion.overwritten_api import OverwrittenReadingViewSet
from losses.billing_api import (
    CarbonFactorViewSet,
    MonthCostViewSet,
    MonthOutlookViewSet,
    TariffAssignmentViewSet,
    TariffVersionViewSet,
    UtilityBillViewSet,
)
from losses.compensation_api import BankPriceViewSet, BankRecommendationViewSet, CompensationChangeViewSet
from losses.feeder_api import FeederBalanceViewSet, FeederSupplyViewSet
from losses.line_api import LineLossViewSet
from losses.rollup_api import DailyLossViewSet, HourlyLossViewSet, MonthlyLossViewSet
from mlcore.web.api import DetectionViewSet, DetectorViewSet
from notifications.api import (
    DeliveryViewSet,
    EscalationPolicyViewSet,
    NotificationChannelViewSet,
    NotificationRouteViewSet,
    OnCallRotationViewSet,
    OutgoingMessageViewSet,
)
from reports.api import ReportScheduleViewSet, ReportViewSet
from smart_ems.accounts.token_api import ApiTokenViewSet, TokenByPasswordView
from smart_ems.change_history.change_api import ConfigurationChangeViewSet
from substations.api import LinkViewSet, PlannedWorkViewSet, ReadingViewSet, SubstationViewSet


class ReadingEndpoint(ReadingIntakeMixin, ReadingViewSet):
    """Readings: query a range, or post one or a batch."""

    parser_classes = (JsonBody, NdjsonBody, FormParser, MultiPartParser)


router = DefaultRouter()
router.include_format_suffixes = False  # most actions would fail on their argument; ``?format=json`` says the same
router.register("substations", SubstationViewSet)
router.register("links", LinkViewSet)
router.register("planned-work", PlannedWorkViewSet)
router.register("readings", ReadingEndpoint, basename="reading")
router.register("overwritten-readings", OverwrittenReadingViewSet)
router.register("uploads", UploadViewSet)
router.register("detections", DetectionViewSet)
router.register("detectors", DetectorViewSet)
router.register("alerts", AlertViewSet)
router.register("system-alarms", SystemAlarmViewSet)
router.register("shift-handovers", ShiftHandoverViewSet)
router.register("shift-notes", ShiftNoteViewSet)
router.register("alarm-kpis", AlarmKpiViewSet, basename="alarm-kpi")
router.register("hourly-losses", HourlyLossViewSet, basename="hourly-loss")
router.register("daily-losses", DailyLossViewSet, basename="daily-loss")
router.register("line-losses", LineLossViewSet, basename="line-loss")
router.register("monthly-losses", MonthlyLossViewSet, basename="monthly-loss")
router.register("feeder-supplies", FeederSupplyViewSet)
router.register("feeder-balances", FeederBalanceViewSet, basename="feeder-balance")
router.register("tariff-versions", TariffVersionViewSet)
router.register("tariff-assignments", TariffAssignmentViewSet)
router.register("utility-bills", UtilityBillViewSet)
router.register("month-outlooks", MonthOutlookViewSet)
router.register("month-costs", MonthCostViewSet)
router.register("carbon-factors", CarbonFactorViewSet)
router.register("bank-recommendations", BankRecommendationViewSet)
router.register("bank-prices", BankPriceViewSet)
router.register("compensation-changes", CompensationChangeViewSet)
router.register("notification-routes", NotificationRouteViewSet)
router.register("notification-channels", NotificationChannelViewSet)
router.register("escalation-policies", EscalationPolicyViewSet)
router.register("on-call-rotations", OnCallRotationViewSet)
router.register("deliveries", DeliveryViewSet)
router.register("notification-messages", OutgoingMessageViewSet)
router.register("report-schedules", ReportScheduleViewSet)
router.register("reports", ReportViewSet)
router.register("configuration-changes", ConfigurationChangeViewSet)
router.register("tokens", ApiTokenViewSet)
token = TokenByPasswordView.as_view()
