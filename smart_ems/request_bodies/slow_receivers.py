"""Answers end when nobody takes them: a receiver that is gone, or only holds the line, keeps nothing in the server."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, Scope

logger = logging.getLogger(__name__)

TAKES_WITHIN_S = 60.0
"""Chosen: a part of an answer is some 100 kB, and a line on which these take a minute is of no use."""


class SlowReceivers:
    """ASGI: each part of an answer is taken within a while, or the answer ends and the line is closed."""

    def __init__(self, app: Any, takes_within_s: float = TAKES_WITHIN_S) -> None:
        self.app, self.takes_within_s = app, takes_within_s

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        is_over = False

        async def send_in_time(message: Any) -> None:
            nonlocal is_over
            try:
                async with asyncio.timeout(self.takes_within_s):
                    await send(message)
            except TimeoutError:
                is_over = True
                raise

        try:
            await self.app(scope, receive, send_in_time)
        except TimeoutError:
            if not is_over:
                raise
            logger.warning("Nobody took the answer to %s for %.0f s: ended.", scope.get("path"), self.takes_within_s)
