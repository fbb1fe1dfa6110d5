"""What programs do to alerts: the verbs of the pages, for one alert or for many, each once where a key is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.exceptions import PermissionDenied as ApiPermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from . import assignment, bulk, planned, services, shelf
from .changes import Conflict, EventSource, expect
from .display_names import explain
from .kept_answers import PARAMETER, answered_once
from .lifecycle import Refused
from .models import Alert
from .serializers import (
    AlertDetailSerializer,
    AssignSerializer,
    BulkAnswerSerializer,
    BulkSerializer,
    NoteSerializer,
    ReasonSerializer,
    ResolveSerializer,
    ShelveSerializer,
    WorkSerializer,
)

Handler = TypeVar("Handler", bound=Callable[..., Response])


class Conflicted(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


def verb(
    body: type, answer: type = AlertDetailSerializer, *, detail: bool = True, path: str | None = None
) -> Callable[[Handler], Handler]:
    """A POST that changes alerts: what it takes, what it answers, and its key (``kept_answers``)."""

    def decorate(handler: Handler) -> Handler:
        answers = {200: answer, 409: OpenApiResponse(), 422: OpenApiResponse(description="The key was used before.")}
        described = extend_schema(request=body, responses=answers, parameters=[PARAMETER])
        return cast(Handler, described(action(detail=detail, methods=["post"], url_path=path)(answered_once(handler))))

    return decorate


class AlertVerbsMixin:
    """For the view set of alerts."""

    action_permissions = {
        "acknowledge": ["alerts.acknowledge_alert"],
        "unacknowledge": ["alerts.acknowledge_alert"],
        "comment": ["alerts.acknowledge_alert"],
        "assign": ["alerts.acknowledge_alert"],
        "shelve": ["alerts.shelve_alert"],
        "unshelve": ["alerts.shelve_alert"],
        "resolve": ["alerts.resolve_alert"],
        "begin_work": ["substations.add_plannedwork"],
        "finish_work": ["substations.add_plannedwork"],
        "bulk": ["alerts.view_alert"],
    }

    @verb(NoteSerializer)
    def acknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Say that somebody is on it."""
        return self._change(request, NoteSerializer, services.acknowledge)

    @verb(ReasonSerializer)
    def unacknowledge(self, request: Request, pk: str | None = None) -> Response:
        """Take the acknowledgement back, with the reason."""
        return self._change(request, ReasonSerializer, services.unacknowledge)

    @verb(ReasonSerializer)
    def comment(self, request: Request, pk: str | None = None) -> Response:
        """Add a comment."""
        return self._change(request, ReasonSerializer, _comment)

    @verb(AssignSerializer)
    def assign(self, request: Request, pk: str | None = None) -> Response:
        """Give it to somebody who may acknowledge alerts, or to nobody."""
        return self._change(request, AssignSerializer, assignment.assign)

    @verb(ShelveSerializer)
    def shelve(self, request: Request, pk: str | None = None) -> Response:
        """Put it aside for some minutes, twelve hours at most."""
        return self._change(request, ShelveSerializer, shelf.shelve)

    @verb(NoteSerializer)
    def unshelve(self, request: Request, pk: str | None = None) -> Response:
        """Take it back before its time on the shelf is over."""
        return self._change(request, NoteSerializer, shelf.unshelve)

    @verb(WorkSerializer, path="out-of-service")
    def begin_work(self, request: Request, pk: str | None = None) -> Response:
        """People work on its substation: all its alerts are out of service until the work ends."""
        return self._change(request, WorkSerializer, planned.begin)

    @verb(NoteSerializer, path="back-in-service")
    def finish_work(self, request: Request, pk: str | None = None) -> Response:
        """The work is done before its planned end."""
        return self._change(request, NoteSerializer, planned.finish)

    @verb(ResolveSerializer)
    def resolve(self, request: Request, pk: str | None = None) -> Response:
        """Close it with what was found and done."""
        return self._change(request, ResolveSerializer, _resolve)

    @verb(BulkSerializer, BulkAnswerSerializer, detail=False)
    def bulk(self, request: Request) -> Response:
        """Change up to 200 alerts at once, each by itself: what could not be changed is named with the reason."""
        asked = BulkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        name, alerts = wanted.pop("verb"), {each["id"]: each.get("version") for each in wanted.pop("alerts")}
        if not request.user.has_perms(BULK_PERMISSIONS.get(name, self.action_permissions[name])):
            raise ApiPermissionDenied
        _keep_what_is_asked(name, wanted)
        if name == "resolve":
            _refuse_several_kinds(alerts)
        done = bulk.change(alerts, BULK[name], by=request.user, source=EventSource.API, **wanted)
        changed = [{"id": each.pk, "version": each.version, "state": each.state} for each in done.changed]
        skipped = [{"id": pk, "reason": why} for pk, why in done.refused.items()]
        return Response({"changed": changed, "skipped": skipped})

    def _change(self, request: Request, serializer: Any, change: Callable[..., Alert]) -> Response:
        asked = serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        view: Any = self
        try:
            change(view.get_object(), by=request.user, source=EventSource.API, **asked.validated_data)
        except (Refused, Conflict) as error:
            raise Conflicted(explain(error)) from error
        except PermissionDenied as error:
            raise ApiPermissionDenied(str(error)) from error
        return Response(AlertDetailSerializer(view.get_object()).data)


def _keep_what_is_asked(name: str, wanted: dict[str, Any]) -> None:
    """Leave out what another verb asks for."""
    asked = {"resolve": {"findings"}, "shelve": {"note", "minutes"}}.get(name, {"note"})
    for part in wanted.keys() - asked:
        del wanted[part]


def _refuse_several_kinds(wanted: Iterable[int]) -> None:
    try:
        bulk.refuse_several_kinds(list(Alert.objects.filter(pk__in=wanted)))
    except ValueError as error:
        raise ValidationError({"alerts": [str(error)]}) from error


def _comment(alert: Alert, *, note: str, version: int | None = None, **who: Any) -> Alert:
    expect(alert, version)
    return services.comment(alert, text=note, **who)


def _resolve(alert: Alert, *, by: Any, source: EventSource, version: int | None = None, **findings: str) -> Alert:
    return services.resolve(alert, by=by, source=source, version=version, findings=findings)


BULK: dict[str, Callable[..., Alert]] = {
    "acknowledge": services.acknowledge,
    "unacknowledge": services.unacknowledge,
    "comment": _comment,
    "shelve": shelf.shelve,
    "unshelve": shelf.unshelve,
    "resolve": services.resolve,
}
BULK_PERMISSIONS = {"resolve": ["alerts.resolve_alert", "alerts.resolve_many_alerts"]}
"""Where several at once ask for more than one does."""
