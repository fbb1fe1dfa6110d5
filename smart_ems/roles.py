"""The three roles. Each holds what the one before it holds; a superuser holds everything."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

VIEWS = [
    "substations.view_substation",
    "substations.view_link",
    "substations.view_reading",
    "substations.view_plannedwork",
    "ingestion.view_upload",
    "ingestion.view_overwrittenreading",
    "mlcore.view_detector",
    "mlcore.view_detection",
    "mlcore.view_score",
    "losses.view_hourlyrollup",
    "losses.view_dailyrollup",
    "losses.view_feedersupply",
    "losses.view_lineday",
    "losses.view_tariff",
    "losses.view_tariffversion",
    "losses.view_tariffassignment",
    "losses.view_monthoutlook",
    "losses.view_monthcost",
    "losses.view_carbonfactor",
    "losses.view_utilitybill",
    "losses.view_bankrecommendation",
    "losses.view_bankprice",
    "losses.view_compensationinput",
    "losses.view_compensationchange",
    "losses.view_compensationproof",
    "alerts.view_alert",
    "alerts.view_alertevent",
    "alerts.view_alertguidance",
    "alerts.view_shifthandover",
    "alerts.view_systemalarm",
    "alerts.view_shiftnote",
    "alerts.view_resolution",
    "reports.view_report",
    "reports.add_report",
    "reports.view_reportschedule",
]
OPERATES = [
    "alerts.acknowledge_alert",
    "alerts.resolve_alert",
    "alerts.shelve_alert",
    "ingestion.add_upload",
    "ingestion.change_upload",
    "substations.add_reading",
    "losses.add_utilitybill",
    "substations.answer_direction",
    "notifications.view_notificationroute",
    "notifications.view_notificationchannel",
    "notifications.view_escalationpolicy",
    "notifications.view_oncallrotation",
    "notifications.view_delivery",
    "notifications.view_outgoingmessage",
]
ENGINEERS = [
    "change_history.view_configurationchange",
    "alerts.shelve_critical_alert",
    "alerts.resolve_many_alerts",
    "alerts.add_alertguidance",
    "alerts.change_alertguidance",
    "alerts.delete_alertguidance",
    "substations.add_substation",
    "substations.change_substation",
    "substations.delete_substation",
    "substations.add_link",
    "substations.change_link",
    "substations.delete_link",
    "substations.add_plannedwork",
    "substations.change_plannedwork",
    "substations.delete_plannedwork",
    "mlcore.add_detector",
    "mlcore.change_detector",
    "losses.add_feedersupply",
    "losses.change_feedersupply",
    "losses.delete_feedersupply",
    "losses.add_tariff",
    "losses.change_tariff",
    "losses.delete_tariff",
    "losses.add_tariffversion",
    "losses.change_tariffversion",
    "losses.delete_tariffversion",
    "losses.add_tariffassignment",
    "losses.change_tariffassignment",
    "losses.delete_tariffassignment",
    "losses.add_carbonfactor",
    "losses.change_carbonfactor",
    "losses.delete_carbonfactor",
    "losses.add_bankprice",
    "losses.change_bankprice",
    "losses.delete_bankprice",
    "losses.add_compensationinput",
    "losses.change_compensationinput",
    "losses.delete_compensationinput",
    "losses.add_compensationchange",
    "losses.change_compensationchange",
    "losses.delete_compensationchange",
    "reports.change_report",
    "reports.delete_report",
    "reports.add_reportschedule",
    "reports.delete_reportschedule",
    "notifications.add_notificationroute",
    "notifications.change_notificationroute",
    "notifications.delete_notificationroute",
    "notifications.add_notificationchannel",
    "notifications.change_notificationchannel",
    "notifications.delete_notificationchannel",
    "notifications.add_escalationpolicy",
    "notifications.change_escalationpolicy",
    "notifications.delete_escalationpolicy",
    "notifications.add_oncallrotation",
    "notifications.change_oncallrotation",
    "notifications.delete_oncallrotation",
    "notifications.change_outgoingmessage",
]
ROLES = {"viewer": VIEWS, "operator": VIEWS + OPERATES, "engineer": VIEWS + OPERATES + ENGINEERS}


OF_THE_PLANT = (
    "losses.tariff", "losses.tariffversion", "losses.tariffassignment", "losses.carbonfactor", "losses.bankprice",
    "alerts.alertguidance", "notifications.notificationroute", "notifications.notificationchannel",
    "notifications.escalationpolicy", "notifications.oncallrotation", "reports.reportschedule",
)  # fmt: skip
"""What belongs to no site: everybody may read it, and who is given all substations changes it."""
WHOLE_PLANT = frozenset(
    f"{app}.{action}_{model}"
    for app, _dot, model in (each.partition(".") for each in OF_THE_PLANT)
    for action in ("add", "change", "delete")
) | {
    "substations.add_substation",
    "substations.delete_substation",
    "accounts.view_securityevent",
    "accounts.view_apitoken",
    "admin.view_logentry",
}
"""Permissions that somebody who is given part of the plant does not have, whatever the role says."""


def sync(**kwargs: Any) -> None:
    """Create the groups and give each the permissions of its role; permissions added by hand are kept."""
    for name, wanted in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        by_name = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.select_related("content_type")
        }
        group.permissions.add(*(by_name[each] for each in wanted if each in by_name))
