"""The Django admin under the product's name, with the state of the system on its first page."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from smart_ems.accounts.sign_in import AdminSignInForm

from .dashboard import system_health
from .retention.retention_page import retention_rows


class Site(AdminSite):
    site_title = _("Smart EMS")
    site_header = _("Smart EMS administration")
    index_title = _("Administration")
    login_form = AdminSignInForm

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
