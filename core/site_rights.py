"""Whose rows may be seen: an ambient scope that every query of a model with a ``site_path`` obeys.

A request acts for its user; a task and a command act for the plant. A query is narrowed where a query set is made or
chained, so that neither a view nor a form nor a filter has to think of it. A scope that somebody forgot to set shows
everything to the machine and, within a request, nothing to nobody (``smart_ems.accounts.site_scopes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from django.db import models
from django.db.models import Q

ModelT_co = TypeVar("ModelT_co", bound=models.Model, covariant=True)


class SiteScope(Protocol):
    """Whose eyes: what one user is given. Both are sub-selects, however many there are."""

    user_id: int | None

    def substations(self) -> Any:
        """Keys of the substations that are given."""

    def sites(self) -> Any:
        """Names of the sites that are given as a whole."""

    def stamp(self) -> str:
        """Another text where something else is given."""


class ScopeHolder(Protocol):
    def scope(self) -> SiteScope | None:
        """None: everything."""


_holder: ContextVar[ScopeHolder | None] = ContextVar("site_rights", default=None)


def current() -> SiteScope | None:
    """The scope of whoever acts here; None is everything."""
    holder = _holder.get()
    return None if holder is None else holder.scope()


def holder() -> ScopeHolder | None:
    return _holder.get()


@contextmanager
def acting_for(whom: ScopeHolder | None) -> Iterator[None]:
    before = _holder.get()
    _holder.set(whom)
    try:
        yield
    finally:
        _holder.set(before)  # no token: a stream that is dropped ends in another context than it began


@contextmanager
def whole_plant() -> Iterator[None]:
    """What the plant itself does, whoever set it off: to follow the network over the borders of what is given."""
    with acting_for(None):
        yield


class SiteRightsRegister(Protocol):
    """What knows of grants: it stands above the apps that ask."""

    def acting(self, user: Any) -> ScopeHolder:
        """The scope of a user; of None, that of nobody."""

    def who_see(self, user_ids: Iterable[int], substation_id: int | None) -> set[int]:
        """Those of some users who are given a substation; None: all of them."""


_register: list[SiteRightsRegister] = []


def register(known: SiteRightsRegister) -> None:
    _register[:] = [known]


def acting_for_user(user: Any) -> AbstractContextManager[None]:
    """A block that is done on behalf of a user, wherever it runs. None is somebody who is not known any more."""
    return acting_for(_register[0].acting(user))


def who_see(user_ids: Iterable[int], substation_id: int | None) -> set[int]:
    """Those of some users who are given a substation; None: who are given all. One query, none for nobody."""
    ids = set(user_ids)
    return _register[0].who_see(ids, substation_id) if ids else set()


class SiteQuerySet(models.QuerySet[ModelT_co]):
    """Rows of the model that hang on substations that are given. How they hang there says the model:

    ``site_path``: the name of the relation that leads to the substation, such as ``"alert__substation"``, or
    ``"pk"`` of the substation itself; or a function of the scope that returns a condition.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current() if getattr(self.model, "site_path", None) is not None else None
        if scope is not None and getattr(self.query, "narrowed_to", None) is not scope:
            self.query.add_q(condition_of(self.model, scope))
            self.query.narrowed_to = scope  # type: ignore[attr-defined]  # goes along with every copy of the query

    def _fetch_all(self) -> None:
        self._refuse_strange()
        super()._fetch_all()

    def count(self) -> int:
        self._refuse_strange()
        return super().count()

    def exists(self) -> bool:
        self._refuse_strange()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._refuse_strange()
        return super().aggregate(*args, **kwargs)

    def _refuse_strange(self) -> None:
        """
        Raises:
            RuntimeError: made outside of this scope (at import, say) and asked here as it is; ``all()`` narrows it.
        """
        scope = current() if getattr(self.model, "site_path", None) is not None else None
        if scope is not None and getattr(self.query, "narrowed_to", None) is not scope:
            raise RuntimeError(f"A query of {self.model.__name__} was made for somebody else: ask a copy of it.")


def condition_of(model: Any, scope: SiteScope) -> Q:
    """Which rows of a model with a ``site_path`` a scope shows."""
    path = model.site_path
    return Q(**{f"{path}__in": scope.substations()}) if isinstance(path, str) else path(scope)
