"""Bodies of requests to the API: JSON and newline-delimited JSON, plain or gzip, of a bounded size when unpacked."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser, JSONParser

# What a body says with an escape although no database and no answer can hold it.
_SUSPICIOUS = (b"\\ud", b"\\u0000")
GZIP = 16 + zlib.MAX_WBITS
"""For ``zlib``: a header of gzip around the data."""


class BodyTooLarge(APIException):
    """More than one request may hold, as it came or unpacked."""

    status_code: int = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class JsonBody(JSONParser):
    """``application/json``, also with ``Content-Encoding: gzip``."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        return _checked(_loads(body_of(stream, parser_context), 1))


class NdjsonBody(BaseParser):
    """``application/x-ndjson``: one JSON value per line; blank lines say nothing."""

    media_type = "application/x-ndjson"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        lines = body_of(stream, parser_context).split(b"\n")
        return [_checked(_loads(line, number)) for number, line in enumerate(lines, 1) if line.strip()]


def body_of(stream: IO[bytes], parser_context: Mapping[str, Any] | None) -> bytes:
    """The unpacked body of a request.

    Raises:
        BodyTooLarge: it holds more than DATA_UPLOAD_MAX_MEMORY_SIZE bytes.
        UnsupportedMediaType: it is encoded in another way than by gzip.
        ParseError: it is no whole gzip stream.
    """
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
    raw = stream.read(limit + 1)
    request = (parser_context or {}).get("request")
    encoding = request.headers.get("Content-Encoding", "").strip().lower() if request is not None else ""
    if encoding not in ("", "identity", "gzip"):
        said = _("Received the content encoding “%(encoding)s”; expected gzip or none.") % {"encoding": encoding}
        raise UnsupportedMediaType(encoding, detail=said)
    body = _unpacked(raw, limit) if encoding == "gzip" else raw
    if len(raw) > limit or len(body) > limit:
        raise BodyTooLarge(_("Received more than %(limit)d bytes, unpacked. Split the batch.") % {"limit": limit})
    return body


def _unpacked(raw: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(GZIP)
    try:
        body = unpacker.decompress(raw, limit + 1)
    except zlib.error as error:
        raise ParseError(_("Received a body that is no gzip: %(why)s.") % {"why": error}) from error
    if not unpacker.eof and len(body) <= limit:
        raise ParseError(_("The gzip body ends too early."))
    return body


def _loads(raw: bytes, line: int) -> tuple[Any, bytes]:
    try:
        return json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant), raw
    except (ValueError, RecursionError) as error:
        said = _("Line %(line)d is no JSON: %(why)s.") % {"line": line, "why": str(error).rstrip(".")}
        raise ParseError(said) from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _checked(loaded: tuple[Any, bytes]) -> Any:
    """The value, unless it holds text that cannot be stored; most bodies hold no escape that could mean such text."""
    value, raw = loaded
    lowered = raw.lower()
    if b"\x00" in raw or any(mark in lowered for mark in _SUSPICIOUS):
        try:
            written = json.dumps(value, ensure_ascii=False)
            written.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ParseError(_("Received a text with half of a surrogate pair, which is no character.")) from error
        if "\\u0000" in written:
            raise ParseError(_("Received a text with a NUL character."))
    return value
