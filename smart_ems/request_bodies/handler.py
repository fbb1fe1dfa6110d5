"""Django's handler, with the bodies that it stores in the data folder and not in the system's temporary folder."""

from __future__ import annotations

import tempfile
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler


class SpoolingHandler(ASGIHandler):
    async def read_body(self, receive: Any) -> Any:
        """The body, in memory while it is small.

        Raises:
            RequestAborted: the sender left, or was refused.
        """
        body = tempfile.SpooledTemporaryFile(  # noqa: SIM115  (the handler closes it)
            max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE, dir=str(settings.FILE_UPLOAD_TEMP_DIR)
        )
        is_whole = False
        while not is_whole:
            message = await receive()
            if message["type"] == "http.disconnect":
                body.close()
                raise RequestAborted
            body.write(message.get("body", b""))
            is_whole = not message.get("more_body", False)
        body.seek(0)
        return body
