"""Who may do what through the API: the same model permissions as on the pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission, DjangoModelPermissions


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


class KnownParameters(BasePermission):
    """A query parameter that means nothing here is an error: a filter with a slip would silently find everything.

    Asked after who may ask at all. A view set names its own parameters in ``query_parameters``.
    """

    def has_permission(self, request: Any, view: Any) -> bool:
        known = _known(view)
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            expected = ", ".join(sorted(known - {"format"})) or _("none")
            said = _("Unknown query parameter; expected: %(names)s.") % {"names": expected}
            raise ValidationError({name: [said] for name in unknown})
        return True


def _known(view: Any) -> set[str]:
    names = {"format", *getattr(view, "query_parameters", ())}
    if getattr(view, "action", None) != "list":
        return names
    paginator: Any = getattr(view, "paginator", None)
    kinds = ("page_query_param", "page_size_query_param", "limit_query_param", "offset_query_param")
    names |= {getattr(paginator, kind) for kind in kinds if getattr(paginator, kind, None)}
    filters = DjangoFilterBackend().get_filterset_class(view, view.queryset)
    return names | (set(filters.base_filters) if filters else set())
