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
    "mlcore.view_detector",
    "mlcore.view_detection",
    "mlcore.view_score",
    "alerts.view_alert",
    "alerts.view_alertevent",
    "alerts.view_resolution",
]
OPERATES = [
    "alerts.acknowledge_alert",
    "alerts.resolve_alert",
    "alerts.shelve_alert",
    "ingestion.add_upload",
    "ingestion.change_upload",
    "substations.add_reading",
    "substations.answer_direction",
]
ENGINEERS = [
    "alerts.shelve_critical_alert",
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
]
ROLES = {"viewer": VIEWS, "operator": VIEWS + OPERATES, "engineer": VIEWS + OPERATES + ENGINEERS}


def sync(**kwargs: Any) -> None:
    """Create the groups and give each the permissions of its role; permissions added by hand are kept."""
    for name, wanted in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        by_name = {
            f"{permission.content_type.app_label}.{permission.codename}": permission
            for permission in Permission.objects.select_related("content_type")
        }
        group.permissions.add(*(by_name[each] for each in wanted if each in by_name))
