"""Who makes a change, and by which way: kept beside the work, so that what is stored can say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from celery import current_task


@dataclass(frozen=True, slots=True)
class Authorship:
    """name: of the user, empty for nobody; origin: see ``ORIGINS``; address: of the client, empty without one; work:
    what of it the change belongs to, for example an upload."""

    name: str
    origin: str
    address: str = ""
    work: str = ""


ORIGINS = ("page", "administration", "api", "command", "worker")
_asked: ContextVar[Callable[[], Authorship] | None] = ContextVar("authorship", default=None)


def current() -> Authorship:
    """Who makes a change now; outside of ``authored`` it is a command, or the worker of a task."""
    asked = _asked.get()
    if asked is not None:
        return asked()
    return Authorship("", "worker" if current_task else "command")


@contextmanager
def authored(by: Callable[[], Authorship]) -> Iterator[None]:
    """Within this, changes are made by whom ``by`` names when it is asked: a request learns late who sends it."""
    token = _asked.set(by)
    try:
        yield
    finally:
        _asked.reset(token)
