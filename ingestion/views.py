"""Pages of data intake. Each view parses, calls one service and answers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.csv_exports import BYTE_ORDER_MARK, csv_export
from core.requests import EmsRequest, is_fragment, render_page
from ingestion import services
from ingestion.answer_form import AnswerForm
from ingestion.forms import UploadForm
from ingestion.models import Upload
from ingestion.problems import Unreadable
from smart_ems import pipeline
from substations.models import Substation

# chosen: a few screens of rows.
PAGE_SIZE = 50
# chosen: some 100 kB.
PROBLEMS_AT_ONCE = 2000
# chosen: what a browser offers while typing.
MAX_CODES = 500
# chosen: two lines of links.
MAX_NAMED = 12
sees_uploads = permission_required("ingestion.view_upload", raise_exception=True)
may_upload = permission_required("ingestion.add_upload", raise_exception=True)


@require_GET
@sees_uploads
def index(request: EmsRequest) -> HttpResponse:
    """All uploads, newest first, refreshed while one is under way."""
    uploads = Upload.objects.select_related("uploaded_by").defer("options", "checkpoint")
    page = Paginator(uploads, PAGE_SIZE).get_page(request.GET.get("page"))
    return render_page(request, "ingestion/list.html", {"page": page, "form": UploadForm()})


@require_http_methods(["GET", "POST"])
@may_upload
def create(request: EmsRequest) -> HttpResponse:
    """Take in one or several files; a script gets the address of the result, a plain form is sent there."""
    form = UploadForm(request.POST or None, request.FILES or None) if request.method == "POST" else UploadForm()
    if request.method == "GET" or not form.is_valid():
        status = 200 if request.method == "GET" else 422
        return render(request, "ingestion/create.html", {"form": form}, status=status)
    files: list[UploadedFile[Any]] = form.cleaned_data["file"]
    received = [upload for upload in (_receive(request, file, form) for file in files) if upload is not None]
    if not received:
        return render(request, "ingestion/create.html", {"form": form}, status=413)
    url = _next_url(received[0]) if len(files) == 1 else reverse("ingestion:list")
    if request.headers.get("X-Requested-With") == "XMLHttpRequest":
        return JsonResponse({"url": url})
    return redirect(url)


def _receive(request: EmsRequest, file: UploadedFile[Any], form: UploadForm) -> Upload | None:
    try:
        received = services.receive(file, by=request.user, options=form.options())
    except services.TooLarge as error:
        messages.error(request, f"{file.name}: {error}")
        form.add_error("file", str(error))
        return None
    upload = received.upload
    if received.already_imported:
        messages.info(
            request,
            _("%(name)s was uploaded before (%(state)s); nothing was added.")
            % {"name": upload.original_name, "state": upload.get_state_display()},
        )
    elif upload.state == Upload.State.QUEUED:
        pipeline.upload_received(upload.pk)
    if received.recognised and upload.state == Upload.State.QUEUED:  # else the page of the questions says so
        messages.info(
            request,
            _("Read with the answers that you confirmed for “%(name)s”, a file of the same source.")
            % {"name": received.recognised},
        )
    return upload


def _next_url(upload: Upload) -> str:
    page = "ingestion:answer" if upload.state == Upload.State.WAITING else "ingestion:detail"
    return reverse(page, args=[upload.pk])


@require_GET
@sees_uploads
def detail(request: EmsRequest, pk: int) -> HttpResponse:
    """One upload: progress while it runs (the fragment asks for itself), then the result and its problems."""
    upload = get_object_or_404(Upload.objects.select_related("uploaded_by"), pk=pk)
    touched = Substation.objects.filter(pk__in=upload.touched[:MAX_NAMED]).order_by("code")
    context: dict[str, object] = {"upload": upload, "touched": touched if upload.touched else []}
    if upload.is_final:
        context["page"] = Paginator(upload.problems.all(), PAGE_SIZE).get_page(1)
    return render_page(request, "ingestion/detail.html", context)


@require_GET
@sees_uploads
def problems(request: EmsRequest, pk: int) -> HttpResponse:
    """The rejected rows of one upload, page by page."""
    upload = get_object_or_404(Upload, pk=pk)
    page = Paginator(upload.problems.all(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render_page(request, "ingestion/problems.html", {"upload": upload, "page": page})


@require_GET
@sees_uploads
def problems_csv(request: EmsRequest, pk: int) -> HttpResponseBase:
    """The rejected rows of one upload as CSV."""
    upload = get_object_or_404(Upload, pk=pk)
    header = ("line", "field", "received", "expected")
    rows = upload.problems.values_list(*header).iterator(PROBLEMS_AT_ONCE)
    return csv_export(request, f"rejected-rows-{upload.pk}.csv", header, rows, head=BYTE_ORDER_MARK)


@require_http_methods(["GET", "POST"])
@may_upload
def answer(request: EmsRequest, pk: int) -> HttpResponse:
    """Ask what the file does not say; when nothing is left to ask, it is queued."""
    upload = get_object_or_404(Upload, pk=pk)
    if upload.state != Upload.State.WAITING:
        messages.info(request, _("This upload needs no more input."))
        return redirect(upload)
    may_create = request.user.has_perm("substations.add_substation")
    try:
        found = services.inspect(upload)
        codes = list(Substation.objects.values_list("code", flat=True)[:MAX_CODES])
        known = {"may_create": may_create, "has_substations": bool(codes)}
        form = AnswerForm(found, request.POST if request.method == "POST" else None, **known)
        if request.method == "POST" and form.is_valid():
            if not (is_fragment(request) or "show" in request.POST):
                return _take_answers(upload, form)
            shown = services.look_with(upload, form.cleaned_data["options"])
            form = AnswerForm(shown, **known)
    except OSError as error:
        messages.error(request, str(error))
        services.discard(upload)
        return redirect(upload)
    except Unreadable as error:
        return _unreadable(request, upload, str(error))
    context = {"upload": upload, "found": form.found, "form": form, "codes": codes}
    # htmx shows what has an error only with a status of success.
    status = 422 if form.errors and not is_fragment(request) else 200
    return render_page(request, "ingestion/answer.html", context, status=status)


def _take_answers(upload: Upload, form: AnswerForm) -> HttpResponse:
    services.answer(upload, form.cleaned_data["options"], remember=form.cleaned_data["remember"])
    if upload.state == Upload.State.QUEUED:
        pipeline.upload_received(upload.pk)
        return redirect(upload)
    return redirect("ingestion:answer", pk=upload.pk)


def _unreadable(request: EmsRequest, upload: Upload, reason: str) -> HttpResponse:
    """The answers make no table of the file: say why, and ask again without them."""
    if request.method == "GET":
        messages.error(request, reason)
        services.discard(upload)
        return redirect(upload)
    status = 200 if is_fragment(request) else 422
    return render_page(request, "ingestion/answer.html", {"upload": upload, "problem": reason}, status=status)


@require_POST
@may_upload
def discard(request: EmsRequest, pk: int) -> HttpResponse:
    """Drop an upload that waits for answers."""
    upload = get_object_or_404(Upload, pk=pk)
    if not services.discard(upload):
        messages.warning(request, _("Only an upload that needs your input can be discarded."))
    return redirect("ingestion:list")


@require_POST
@may_upload
def retry(request: EmsRequest, pk: int) -> HttpResponse:
    """Queue a failed upload again."""
    upload = get_object_or_404(Upload, pk=pk)
    if services.queue_again(upload):
        pipeline.upload_received(upload.pk)
    else:
        messages.warning(request, _("Only a failed upload can be tried again."))
    return redirect(upload)


@require_POST
@may_upload
def again(request: EmsRequest, pk: int) -> HttpResponse:
    """Load a file that was loaded before once more, with other answers."""
    upload = get_object_or_404(Upload, pk=pk)
    if upload.state != Upload.State.LOADED or not upload.file:
        messages.warning(request, _("Only a loaded file can be loaded again with other settings."))
        return redirect(upload)
    return redirect("ingestion:answer", pk=services.load_again(upload, by=request.user).pk)
