"""kill -9 in the middle of uploads, scoring, trainings, alerts and messages: what is lost and doubled, and how long."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, get_args

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from mlcore import services
from mlcore.models import TrainingAttempt
from smart_ems.accounts import api_tokens
from smart_ems.accounts.token_models import Scope
from smart_ems.scratch import scratch_database
from substations.models import PendingRange, Reading, Substation

from .alert_kill_stages import OperateStage, ReviewStage
from .kill_stages import KillStage, ScoringStage, SendStage, TrainingStage, UploadStage
from .large_grid import fill_readings
from .running_system import NotInTime, RunningSystem, Victim, wait_until

STAGES = ("upload", "scoring", "training", "review", "operate", "send")
VICTIMS: tuple[Victim, ...] = get_args(Victim)
BOUND_S = 120
"""Within so many seconds of a kill a worker is at it again; said in docs/operations.md."""

UNDER_WAY_WITHIN_S, GIVEN_UP_AFTER_S = 120.0, 600.0
TRIES = 5
"""Chosen: how often work is put there anew that was over before it could be seen."""

GRID_SIZE, TRAINED_SIZE = 25, 2


@dataclass(frozen=True, slots=True)
class Kill:
    """One round. resumed_s, done_s: from the kill until a worker is at it again, and until its end; None: never."""

    stage: str
    victim: str
    lost: int
    doubled: int
    resumed_s: float | None
    done_s: float | None

    @property
    def is_well(self) -> bool:
        is_back = self.resumed_s is not None and self.resumed_s <= BOUND_S
        return is_back and not self.lost and not self.doubled and self.done_s is not None


def bench_kills(
    rounds: int, stages: Sequence[str], victims: Sequence[Victim], days: int, server: str = ""
) -> dict[str, Any]:
    """So many rounds of each stage with each victim, on a database and a data folder of their own.

    days: of 15-minute readings of 25 substations that are scored. server: as of ``bench_pages``.
    """
    with scratch_database(journal="WAL", server=server, migrated=True) as folder:
        made = _made(stages, days)
        system = RunningSystem(folder)
        kills: list[Kill] = []
        try:
            for stage in made:
                for _number in range(rounds):
                    for victim in victims:
                        kills.append(_round(system, stage, victim, len(kills)))
                        _say(kills[-1])
        finally:
            system.stop()
        return _figures(connection.vendor, kills)


def bench_kills_at_once(
    rounds: int, stages: Sequence[str], victims: Sequence[Victim], days: int, server: str, at_once: int
) -> dict[str, Any]:
    """The same with the rounds shared among so many installations, for most of a round is waiting for a lease to end.

    Raises:
        RuntimeError: one of them did not come to its end; what it said is on standard error.
    """
    shares = [len(range(number, rounds, at_once)) for number in range(min(at_once, rounds))]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "bench", "kills", "--json", "--days", str(days)]
    command += ["--stages", *stages, "--victims", *victims, "--server", server]
    parts = [subprocess.Popen([*command, "--rounds", str(share)], stdout=subprocess.PIPE) for share in shares]
    said = [part.communicate()[0] for part in parts]
    if failed := [part.args for part in parts if part.returncode]:
        raise RuntimeError(f"{len(failed)} of {len(parts)} installations did not come to their end.")
    found = [json.loads(each) for each in said]
    return _figures(found[0]["database"], [Kill(**kill) for each in found for kill in each["rounds"]])


def _figures(database: str, kills: Sequence[Kill]) -> dict[str, Any]:
    return {
        "database": database,
        "kills": len(kills),
        "lost": sum(kill.lost for kill in kills),
        "doubled": sum(kill.doubled for kill in kills),
        "beyond_the_bound": sum(not kill.is_well for kill in kills),
        "ended_later": sum(kill.done_s is None or kill.done_s > BOUND_S for kill in kills),
        "rounds": [asdict(kill) for kill in kills],
    }


def _made(stages: Sequence[str], days: int) -> list[KillStage]:
    """A grid that was judged once, of which two substations form a neighbour group of their own that can be trained."""
    admin = User.objects.create_superuser("admin", password=None)
    _token, secret = api_tokens.make(admin, name="bench", scopes=Scope.values, days=1, now=timezone.now())
    made: list[KillStage] = [UploadStage(secret)] if "upload" in stages else []
    if {"scoring", "training"} & set(stages):
        ids = [substation.pk for substation in fill_readings(GRID_SIZE, days)]
        trained, scored = ids[:TRAINED_SIZE], ids[TRAINED_SIZE:]
        Substation.objects.filter(pk__in=trained).update(time_zone="Europe/Oslo")
        newest = Reading.objects.latest("at").at
        # Nobody is due for a training by itself.
        TrainingAttempt.objects.bulk_create(TrainingAttempt(substation_id=pk, newest_at=newest) for pk in ids)
        if "scoring" in stages:
            first = Reading.objects.earliest("at").at
            PendingRange.objects.bulk_create(PendingRange(substation_id=pk, start=first, end=newest) for pk in scored)
            services.score_pending()
            made.append(ScoringStage(scored))
        made += [TrainingStage(trained)] if "training" in stages else []
    made += [ReviewStage()] if "review" in stages else []
    made += [OperateStage(secret)] if "operate" in stages else []
    return made + ([SendStage()] if "send" in stages else [])


def _round(system: RunningSystem, stage: KillStage, victim: Victim, number: int) -> Kill:
    _begin(system, stage, victim, number)
    held_by, killed_at = stage.holder(), time.monotonic()
    system.kill(victim, queue=stage.queue)
    resumed_s: float | None = None
    done_s: float | None = None
    with suppress(NotInTime):
        wait_until(
            lambda: stage.is_done() or stage.holder() not in (None, held_by),
            GIVEN_UP_AFTER_S,
            f"the {stage.name} to go on",
        )
        resumed_s = time.monotonic() - killed_at
        wait_until(stage.is_done, GIVEN_UP_AFTER_S, f"the {stage.name} to end")
        done_s = time.monotonic() - killed_at
    wait_until(system.answers, UNDER_WAY_WITHIN_S, "the system to answer again")
    damage = stage.damage()
    stage.clear()
    return Kill(stage.name, victim, damage.lost, damage.doubled, resumed_s, done_s)


def _say(kill: Kill) -> None:
    """What a round came to, at once: hours of them are not lost when somebody ends the command."""
    resumed, done = (
        "never" if after_s is None else f"after {after_s:.0f} s" for after_s in (kill.resumed_s, kill.done_s)
    )
    damage = f"{kill.lost} lost, {kill.doubled} doubled"
    sys.stderr.write(f"{kill.stage}, {kill.victim} killed: gone on {resumed}, ended {done}; {damage}\n")
    sys.stderr.flush()


def _begin(system: RunningSystem, stage: KillStage, victim: Victim, number: int) -> None:
    """Put the work there, until it is seen under way.

    Raises:
        NotInTime: it did not begin, or was over each time before it was seen.
    """
    for attempt in range(TRIES):
        stage.begin(system, number * TRIES + attempt)
        wait_until(lambda: stage.is_under_way(victim) or stage.is_done(), UNDER_WAY_WITHIN_S, f"the {stage.name}")
        if not stage.is_done():
            return
    raise NotInTime(f"The {stage.name} was over {TRIES} times before anything could be killed.")


def table(found: dict[str, Any]) -> str:
    """One line for each stage and victim: rounds, lost, doubled, and the longest times."""
    lines = [f"{'stage':<10} {'killed':<10} {'rounds':>6} {'lost':>6} {'doubled':>8} {'resumed s':>9} {'done s':>7}"]
    kinds = dict.fromkeys((each["stage"], each["victim"]) for each in found["rounds"])
    for stage, victim in kinds:
        those = [each for each in found["rounds"] if (each["stage"], each["victim"]) == (stage, victim)]
        resumed_s, done_s = (max(each[name] or GIVEN_UP_AFTER_S for each in those) for name in ("resumed_s", "done_s"))
        lines.append(
            f"{stage:<10} {victim:<10} {len(those):>6} {sum(each['lost'] for each in those):>6} "
            f"{sum(each['doubled'] for each in those):>8} {resumed_s:>9.0f} {done_s:>7.0f}"
        )
    lines.append(
        f"{found['kills']} kills on {found['database']}: {found['lost']} lost, {found['doubled']} doubled; "
        f"{found['beyond_the_bound']} not taken up within {BOUND_S} s or not ended, "
        f"{found['ended_later']} ended later than that."
    )
    return "\n".join(lines)
