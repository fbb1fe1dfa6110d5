"""A change that is asked for twice with one key is made once: the answer is kept for a day and given again.

The key, the change and its answer are one transaction. Whoever comes second waits for the first and gets its answer; a
change that was refused keeps nothing, so that it may be tried again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from core import site_rights

from .answer_models import MAX_KEY_LENGTH, KeptAnswer

HEADER = "Idempotency-Key"
# chosen: longer than any client retries; the IETF draft of this header leaves it to the server.
KEPT_FOR = timedelta(hours=24)
PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Any text of up to 200 characters. The same request with the same key within a day is answered again "
    "and not done again; another request with it is refused (422).",
)
Handler = Callable[..., Response]


class KeyUsedBefore(APIException):
    """The key belongs to another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "key_used_before"


def answered_once(handler: Handler) -> Handler:
    """A POST of a view set that may carry an ``Idempotency-Key``."""

    @wraps(handler)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        return _once(_valid(key), request, lambda: handler(view, request, *args, **kwargs))

    return answered


def forget_old_answers(*, now: datetime) -> int:
    """Delete what is kept no longer; how many."""
    return KeptAnswer.objects.filter(at__lte=now - KEPT_FOR).delete()[0]


def _valid(key: str) -> str:
    if key and len(key) <= MAX_KEY_LENGTH and key.isascii() and key.isprintable():
        return key
    said = _("Received a key of %(length)d characters; expected 1 to %(most)d printable characters of ASCII.")
    raise ValidationError({HEADER: [said % {"length": len(key), "most": MAX_KEY_LENGTH}]})


@transaction.atomic
def _once(key: str, request: Request, change: Callable[[], Response]) -> Response:
    now, digest, who = timezone.now(), _digest(request), request.user.pk or 0
    mine = KeptAnswer.objects.filter(user_id=who, key=key)
    mine.filter(at__lte=now - KEPT_FOR).delete()
    kept, is_first = KeptAnswer.objects.get_or_create(user_id=who, key=key, defaults={"digest": digest, "at": now})
    if not is_first:
        return _again(kept, digest)
    response = change()
    body = json.loads(JSONRenderer().render(response.data))
    KeptAnswer.objects.filter(pk=kept.pk).update(status=response.status_code, body=body)
    return response


def _again(kept: KeptAnswer, digest: str) -> Response:
    if kept.digest != digest:
        raise KeyUsedBefore(_("This key was used for another request at %(at)s.") % {"at": kept.at.isoformat()})
    return Response(kept.body, status=kept.status, headers={"Idempotency-Replayed": "true"})


def _digest(request: Request) -> str:
    sent = dict(request.data.lists()) if isinstance(request.data, QueryDict) else request.data
    given = scope.stamp() if (scope := site_rights.current()) else ""  # what was seen then is not shown again later
    return sha256(f"{request.path}\n{given}{json.dumps(sent, sort_keys=True, default=str)}".encode()).hexdigest()
