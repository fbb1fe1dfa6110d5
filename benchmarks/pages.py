"""What each page costs the server with a large grid: time, queries and size, of every page and every fragment."""

from __future__ import annotations

import gzip
import re
import statistics
import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ingestion.models import Upload
from losses.models import MonthOutlook, TariffVersion
from smart_ems.scratch import scratch_database
from smart_ems.static import collect_static
from substations.models import Reading, Substation

from .large_grid import fill, most_urgent_alert

LIMIT_MS = 100
FIRST_LOAD_LIMIT_KB = 300
# Every address that answers a GET with a page, a part of one or a figure; a test compares it with the URLs there are.
PAGES = (
    "/",
    "/dashboard/counters/",
    "/dashboard/freshness/",
    "/dashboard/losses/",
    "/dashboard/status/",
    "/dashboard/topology/",
    "/dashboard/topology/?site=Harbour",
    "/dashboard/topology/{code}/",
    "/changes/",
    "/uploads/overwritten/",
    "/alerts/",
    "/alerts/panel/",
    "/alerts/line/",
    "/alerts/kpis/",
    "/alerts/maintenance/",
    "/alerts/?sort=penalty",
    "/alerts/history/",
    "/alerts/history/trends/",
    "/alerts/handover/",
    "/alerts/history/?range=30d&cause=overload",
    "/alerts/{alert}/",
    "/alerts/{alert}/resolve/",
    "/substations/",
    "/substations/?q=harbour",
    "/substations/{code}/",
    "/substations/{code}/live/",
    "/substations/{code}/state/",
    "/substations/{code}/strip/?range=all",
    "/substations/{code}/channels/power/?range=all",
    "/substations/{code}/channels/current/?range=30d",
    "/substations/{code}/duration/?range=all",
    "/models/",
    "/models/{code}/",
    "/models/{code}/panel/",
    "/models/{code}/why/?range=all",
    "/models/{code}/quality/?range=all",
    "/models/{code}/sensitivity/",
    "/models/{code}/compare/",
    "/models/{code}/learn-again/",
    "/models/{code}/chart/?range=7d",
    "/models/{code}/chart/?range=30d",
    "/models/{code}/chart/?range=all",
    "/models/episodes/{episode}/chart/",
    "/uploads/",
    "/uploads/new/",
    "/uploads/{upload}/",
    "/uploads/{upload}/problems/",
    "/uploads/{upload}/progress/",
    "/losses/",
    "/losses/?months=12",
    "/losses/?substation={code}&months=12",
    "/losses/weekly/?months=12",
    "/losses/power-factor-duration/?substation={code}&months=12",
    "/losses/avoidable-duration/?substation={code}&months=12",
    "/losses/lines/",
    "/losses/lines/network/",
    "/losses/feeders/",
    "/losses/months/",
    "/losses/months/{outlook}/",
    "/losses/bills/",
    "/losses/tariffs/",
    "/losses/tariffs/{tariff_version}/",
    "/losses/what-if/",
    "/losses/what-if/?substation={code}&fixed_kvar=10",
    "/losses/what-if/duration/?substation={code}&fixed_kvar=10",
    "/losses/what-if/{code}/panel/",
    "/reports/",
    "/reports/?kind=shift",
    "/notifications/",
    "/notifications/routes/new/",
    "/notifications/channels/",
    "/notifications/channels/new/",
    "/notifications/policies/",
    "/notifications/policies/new/",
    "/notifications/rotations/",
    "/notifications/rotations/new/",
    "/notifications/deliveries/",
    "/notifications/dead-letters/",
    "/notifications/quiet-hours/",
    "/search/?q=ss-01",
    "/search/?q=capacitor",
    "/preferences/",
    "/tokens/",
    "/sessions/",
    "/second-factor/",
    "/design/",
    "/password/",
    "/password/done/",
    "/api/docs/",
    "/healthz",
    "/admin/",
    "/admin/substations/substation/",
    "/admin/substations/substation/{substation}/change/",
    "/admin/substations/link/",
    "/admin/substations/plannedwork/",
    "/admin/substations/pendingrange/",
    "/admin/ingestion/upload/",
    "/admin/ingestion/rowproblem/",
    "/admin/ingestion/sourceprofile/",
    "/admin/mlcore/detector/",
    "/admin/mlcore/detection/",
    "/admin/losses/tariff/",
    "/admin/losses/tariffversion/",
    "/admin/losses/tariffversion/add/",
    "/admin/losses/tariffassignment/",
    "/admin/losses/monthoutlook/",
    "/admin/losses/monthcost/",
    "/admin/losses/carbonfactor/",
    "/admin/alerts/alert/",
    "/admin/alerts/alertevent/",
    "/admin/auth/user/",
)
ASSET = re.compile(rb"(?:src|href)=\"([^\"]+\.(?:js|css|woff2|svg)[^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Cost:
    """One address: time of the whole handler in milliseconds, and its processor time; size as sent, and compressed."""

    url: str
    status: int
    median_ms: float
    worst_ms: float
    cpu_ms: float
    queries: int
    kb: float
    compressed_kb: float

    @property
    def is_slow(self) -> bool:
        return self.median_ms > LIMIT_MS


def bench_pages(substations: int, days: int, repeats: int, server: str = "") -> dict[str, Any]:
    """Measure every page on a database of its own.

    server: URL of a PostgreSQL server on which a database may be made for it; empty: SQLite.
    """
    collect_static()
    with scratch_database(server=server) if server else scratch_database():
        began = time.perf_counter()
        fill(substations, days)
        made_s = time.perf_counter() - began
        client = _visitor()
        costs = measured(client, addresses(), repeats)
        return {
            "database": connection.vendor,
            "substations": Substation.objects.count(),
            "readings": Reading.objects.count(),
            "made_in_s": made_s,
            "first_load_kb": first_load_kb(client, "/"),
            "slower_than_limit": sum(each.is_slow for each in costs),
            "pages": [asdict(each) for each in costs],
        }


def addresses() -> list[str]:
    """The pages, filled with the most urgent alert and its substation, and the upload with most problems."""
    alert = most_urgent_alert()
    substation = alert.substation
    upload = Upload.objects.order_by("-rows_bad")[0]
    known = {
        "code": substation.code,
        "substation": substation.pk,
        "alert": alert.pk,
        "episode": alert.detection_id,
        "upload": upload.pk,
        "outlook": MonthOutlook.objects.get(assignment__substation=substation).pk,
        "tariff_version": TariffVersion.objects.get().pk,
    }
    return [page.format(**known) for page in PAGES]


def _visitor() -> Client:
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    client.force_login(User.objects.filter(is_superuser=True)[0])
    return client


def measured(client: Client, urls: list[str], repeats: int) -> list[Cost]:
    """Each address once to warm up, once to count its queries, then round after round, so that what else the machine
    does falls on all alike."""
    first = {url: _get(client, url, CaptureQueriesContext(connection)) for url in urls for _ in range(2)}
    walls: dict[str, list[float]] = {url: [] for url in urls}
    cpus: dict[str, list[float]] = {url: [] for url in urls}
    for _ in range(repeats):
        for url in urls:
            wall, cpu = time.perf_counter(), time.process_time()
            _get(client, url)
            walls[url].append(1000 * (time.perf_counter() - wall))
            cpus[url].append(1000 * (time.process_time() - cpu))
    return [
        Cost(
            url=url,
            status=status,
            median_ms=statistics.median(walls[url] or [0.0]),
            worst_ms=max(walls[url], default=0.0),
            cpu_ms=statistics.median(cpus[url] or [0.0]),
            queries=queries,
            kb=len(body) / 1024,
            compressed_kb=len(gzip.compress(body, 6)) / 1024,
        )
        for url, (status, body, queries) in first.items()
    ]


def _get(client: Client, url: str, watch: CaptureQueriesContext | None = None) -> tuple[int, bytes, int]:
    with watch if watch is not None else nullcontext():
        answer = client.get(url, secure=settings.HTTPS)
        body = answer.getvalue()
    return answer.status_code, body, 0 if watch is None else len(watch)


def first_load_kb(client: Client, url: str) -> float:
    """A page as it is sent, and each file that it names, compressed where the server does that; without Plotly."""
    page = _get(client, url)[1]
    names = {found.decode().split("?")[0].split("#")[0] for found in ASSET.findall(page)}
    files = [settings.STATIC_ROOT / name.split(settings.STATIC_URL, 1)[1] for name in names if "plotly" not in name]
    return (len(page) + sum(map(_sent, files))) / 1024


def _sent(file: Path) -> int:
    twin = file.with_name(file.name + ".gz")
    return (twin if twin.is_file() else file).stat().st_size


def table(found: dict[str, Any]) -> str:
    """One address a line, the slowest first."""
    lines = [
        f"{found['substations']} substations, {found['readings']:,} readings, {found['database']}; "
        f"made in {found['made_in_s']:.0f} s",
        f"{'median ms':>9} {'worst':>6} {'cpu':>5} {'queries':>7} {'KB':>6} {'gzip':>6}  address",
    ]
    for each in sorted(found["pages"], key=lambda page: -page["median_ms"]):
        mark = f"  over {LIMIT_MS} ms" if each["median_ms"] > LIMIT_MS else ""
        mark += f"  answered {each['status']}" if each["status"] != 200 else ""
        lines.append(
            f"{each['median_ms']:9.1f} {each['worst_ms']:6.0f} {each['cpu_ms']:5.0f} {each['queries']:7d} "
            f"{each['kb']:6.0f} {each['compressed_kb']:6.1f}  {each['url']}{mark}"
        )
    lines.append(
        f"First load of the dashboard: {found['first_load_kb']:.0f} KB without Plotly (at most {FIRST_LOAD_LIMIT_KB}). "
        f"Slower than {LIMIT_MS} ms: {found['slower_than_limit']} of {len(found['pages'])}."
    )
    return "\n".join(lines)
