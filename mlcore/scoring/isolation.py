"""Whose failure it is: what fails for many at once is done again for each alone."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from mlcore.fleet.groups import NeighbourGroup

from .failures import NOT_OF_ONE

Failed = dict[int, Exception]


def fail_alone(group: NeighbourGroup, act: Callable[[NeighbourGroup], object]) -> Failed:
    """The substations of a group for which something fails also when they are alone, by id."""
    failed: Failed = {}
    for substation in group.substations:
        try:
            act(NeighbourGroup((substation,)))
        except NOT_OF_ONE:
            raise
        except Exception as error:  # whatever it is, it is this substation's
            failed[substation.pk] = error
    return failed


def store_apart(group: NeighbourGroup, store: Callable[[NeighbourGroup], object]) -> Failed:
    """Store what was found of a group; where that fails, of each substation alone. Call it in a transaction."""

    def guarded(part: NeighbourGroup) -> None:
        with transaction.atomic():
            store(part)

    try:
        guarded(group)
    except NOT_OF_ONE:
        raise
    except Exception:  # it will be said of those for whom it fails again
        return fail_alone(group, guarded)
    return {}
