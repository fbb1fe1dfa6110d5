"""Who may do what through the API: the same model permissions as on the pages."""

from __future__ import annotations

from rest_framework.permissions import DjangoModelPermissions


class ModelPermissions(DjangoModelPermissions):
    """Reading needs the view permission too; Django REST framework asks for none by default.

    A view set may name other permissions for its extra actions in ``action_permissions``.
    """

    perms_map = DjangoModelPermissions.perms_map | {
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
    }

    def has_permission(self, request: object, view: object) -> bool:
        wanted = getattr(view, "action_permissions", {}).get(getattr(view, "action", None))
        user = getattr(request, "user", None)
        if wanted is not None:
            return bool(user and user.is_authenticated and user.has_perms(wanted))
        return bool(super().has_permission(request, view))  # type: ignore[arg-type]  # the base wants its own classes
