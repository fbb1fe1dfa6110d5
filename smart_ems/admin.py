"""The Django admin under the product's name, with the state of the system on its first page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from .dashboard import system_health
from .retention.retention_page import retention_rows


class Site(AdminSite):
    site_title = _("Smart EMS")
    site_header = _("Smart EMS administration")
    index_title = _("Administration")

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:  # type: ignore[override]  # an answer like any other
        """The one page of signing in: the administration has no way round the second factor.

        Raises:
            PermissionDenied: somebody is signed in who may not come here.
        """
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied(_("The administration is for staff."))
        return redirect_to_login(target)

    def password_change(  # type: ignore[override]  # an answer like any other
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """The page of the product: it ends other sessions, and the tokens where that is ticked."""
        return redirect("password_change")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Queues, intake, models and space, above the list of tables."""
        panels = system_health.read(now=timezone.now())
        return super().index(request, extra_context={"panels": panels} | (extra_context or {}))

    def get_urls(self) -> list[Any]:
        return [path("retention/", self.admin_view(self.retention), name="retention"), *super().get_urls()]

    def retention(self, request: HttpRequest) -> TemplateResponse:
        """What is kept for how long."""
        context = {**self.each_context(request), "title": _("Retention"), "rows": retention_rows()}
        return TemplateResponse(request, "admin/retention.html", context)
