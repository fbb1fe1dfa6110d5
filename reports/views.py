"""Pages of reports. Each view parses, calls one service and answers."""

from __future__ import annotations

import zoneinfo
from pathlib import PurePosixPath
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.requests import EmsRequest, render_page
from core.time_range import zone_for
from losses.cost_tabs import cost_tabs
from losses.report_period import month_of, shifted
from smart_ems import pipeline

from . import sending, services
from .forms import AlertForm, FeedersForm, MonthlyForm, ScheduleForm, ShiftForm
from .models import Report, ReportSchedule

# chosen: a few screens of rows.
PAGE_SIZE = 50
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
sees_reports = permission_required("reports.view_report", raise_exception=True)
may_report = permission_required("reports.add_report", raise_exception=True)
may_repeat = permission_required("reports.change_report", raise_exception=True)
may_delete = permission_required("reports.delete_report", raise_exception=True)
may_schedule = permission_required("reports.add_reportschedule", raise_exception=True)
may_unschedule = permission_required("reports.delete_reportschedule", raise_exception=True)


@require_http_methods(["GET", "POST"])
@sees_reports
def reports(request: EmsRequest) -> HttpResponse:
    """All reports, newest first; ``?kind=`` chooses the form that asks for one, which a POST sends."""
    if request.method == "POST":
        return _ask(request)
    return _page(request, form_of(request, _kind(request)))


@may_report
def _ask(request: EmsRequest) -> HttpResponse:
    form = form_of(request, _kind(request), request.POST)
    if form.is_valid():
        try:
            asked = services.request_report(form.report(), by=request.user)
        except ValidationError as error:
            _add_errors(form, error)
        else:
            if not asked.is_new:
                messages.info(request, _("This report is being made already."))
            pipeline.reports_waiting()
            return redirect("reports:list")
    return _page(request, form, status=422)


def _add_errors(form: forms.Form, error: ValidationError) -> None:
    """Under its field where the form has it, else at its head."""
    found = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for name, texts in found.items():
        form.add_error(name if name in form.fields else None, texts)


def form_of(request: EmsRequest, kind: str, data: Any = None) -> Any:
    """The form of a kind, filled with what the URL says or with what is asked for most."""
    if kind == Report.ReportKind.ALERT:
        return AlertForm(data, initial={"alert": request.GET.get("alert", "")})
    scope = {name: request.GET.get(name, "") for name in ("site", "substation")}
    if kind == Report.ReportKind.SHIFT:
        zone = zone_for(request, zoneinfo.ZoneInfo(settings.TIME_ZONE))
        times = {name: request.GET.get(name, "") for name in ("start", "end")}
        return ShiftForm(data, initial=scope | times, zone=zone)
    before = shifted(month_of(timezone.localdate()), -1)
    months = {"month": request.GET.get("month", f"{before:%Y-%m}"), "to": request.GET.get("to", "")}
    chosen = FeedersForm if kind == Report.ReportKind.FEEDERS else MonthlyForm
    return chosen(data, initial=scope | months)


def _kind(request: EmsRequest) -> str:
    wanted = request.POST.get("kind", "") or request.GET.get("kind", "")
    return wanted if wanted in Report.ReportKind.values else str(Report.ReportKind.MONTHLY)


def _page(request: EmsRequest, form: Any, *, schedule_form: Any = None, status: int = 200) -> HttpResponse:
    kind = _kind(request)
    page = Paginator(Report.objects.with_scope(), PAGE_SIZE).get_page(request.GET.get("page"))
    kinds = [(str(label), f"?kind={name}", name == kind, None) for name, label in Report.ReportKind.choices]
    context = {
        "page": page,
        "form": form,
        "kind": kind,
        "kinds": kinds,
        "tabs": cost_tabs("reports"),
        "schedules": ReportSchedule.objects.select_related("created_by"),
        "schedule_form": schedule_form or ScheduleForm(),
        "has_mail_server": sending.has_mail_server(),
    }
    if status != 200:
        return render(request, "reports/reports.html", context, status=status)
    return render_page(request, "reports/reports.html", context)


@require_GET
@sees_reports
def paper(request: EmsRequest, pk: int) -> HttpResponseBase:
    """The PDF."""
    return download(get_object_or_404(Report, pk=pk).paper)


@require_GET
@sees_reports
def sheet(request: EmsRequest, pk: int) -> HttpResponseBase:
    """The workbook, or the CSV of a statement."""
    return download(get_object_or_404(Report, pk=pk).sheet)


def download(file: Any, *, content_type: str = "") -> FileResponse:
    """A stored file under its own name; Http404 where it is not made, or not there any more.

    content_type: that of the file's kind without one.
    """
    if not file:
        raise Http404(_("This report is not made yet."))
    name = PurePosixPath(file.name).name
    try:
        content = file.open("rb")
    except FileNotFoundError as error:
        raise Http404(_("The file of this report is not kept any more. Ask for it again.")) from error
    kind = content_type or CONTENT_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
    return FileResponse(content, as_attachment=True, filename=name, content_type=kind)


@require_POST
@may_repeat
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a failed report once more, or mail one that was not sent."""
    report = get_object_or_404(Report, pk=pk)
    if services.queue_again(report) or sending.send_again(report):
        pipeline.reports_waiting()
    else:
        messages.warning(request, _("Only what failed or was not sent can be tried again."))
    return redirect("reports:list")


@require_POST
@may_delete
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a report and its files."""
    if services.delete_report(get_object_or_404(Report, pk=pk)):
        messages.success(request, _("The report and its files are deleted."))
    else:
        messages.warning(request, _("This report is being made just now: delete it when it is ready."))
    return redirect("reports:list")


@require_POST
@may_schedule
def schedule(request: EmsRequest) -> HttpResponse:
    """Have a report made and mailed on the first of each month."""
    form = ScheduleForm(request.POST)
    if form.is_valid():
        try:
            services.add_schedule(ReportSchedule(**form.cleaned_data), by=request.user, today=timezone.localdate())
        except ValidationError as error:
            _add_errors(form, error)
        else:
            return redirect(f"{reverse('reports:list')}#schedules")
    return _page(request, form_of(request, str(Report.ReportKind.MONTHLY)), schedule_form=form, status=422)


@require_POST
@may_unschedule
def end_schedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Make this report no more; those that were made are kept."""
    get_object_or_404(ReportSchedule, pk=pk).delete()
    return redirect(f"{reverse('reports:list')}#schedules")
