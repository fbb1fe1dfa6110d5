"""Every text of the pages is translatable, numbers and dates follow the language, and the layout can be mirrored."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.translation import trans_real

from alerts.tests.alert_scenes import resolved
from ingestion.exports.unit_table import UNIT_NAMES
from ingestion.models import Upload
from ingestion.tests.samples import TIMELESS, upload_of
from smart_ems.dashboard.tests.scene import alerted, scored, station, text

pytestmark = pytest.mark.django_db
# What a person reads that stands in an attribute.
SPOKEN = ("title", "aria-label", "placeholder", "alt", "data-label", "aria-valuetext")
SILENT = ("script", "style", "time", "svg", "kbd", "code")
# Names, units and codes: the same in every language. The rest of the words below is data of the scene.
SAME = re.compile(
    r"Smart EMS|UTC|kWh|kVA|kW|kvar|Hz|CSV|admin|KB|(?<!\w)[AVWs](?!\w)"
    r"|SS-\d+|yard one|Works|readings-one\.csv|Reactive power is 90 kvar above what is expected\."
    r"|Fuse of step 3 blown|Fuse replaced|Check the fuses each quarter"
)
ZONES = {name for zone in zoneinfo.available_timezones() for name in (zone, zone.replace("_", " "))}
PAGES = (
    "/", "/dashboard/status/", "/dashboard/topology/SS-1/", "/alerts/", "/alerts/?severity=critical",
    "/alerts/handover/", "/alerts/{alert}/", "/alerts/{alert}/resolve/",
    "/alerts/panel/", "/alerts/line/", "/alerts/history/", "/alerts/history/?range=5y", "/alerts/{past}/",
    "/alerts/history/trends/", "/alerts/kpis/", "/alerts/maintenance/", "/substations/",
    "/substations/?q=zzz", "/substations/SS-1/", "/substations/SS-1/live/", "/substations/SS-1/state/",
    "/substations/SS-1/strip/", "/models/SS-1/why/", "/models/SS-1/quality/", "/uploads/", "/uploads/new/",
    "/uploads/{upload}/", "/models/", "/models/SS-1/", "/models/SS-1/panel/", "/search/?q=zzz", "/search/?q=a",
    "/losses/what-if/", "/losses/what-if/?substation=SS-1&fixed_kvar=9000", "/losses/what-if/SS-1/panel/",
    "/losses/", "/losses/lines/", "/losses/feeders/", "/losses/months/", "/losses/bills/", "/losses/tariffs/",
    "/preferences/", "/tokens/", "/sessions/", "/password/", "/password/done/", "/reports/", "/reports/?kind=shift",
    "/reports/?kind=alert", "/notifications/", "/notifications/routes/new/", "/notifications/channels/",
    "/notifications/channels/new/", "/notifications/policies/", "/notifications/policies/new/",
    "/notifications/rotations/", "/notifications/rotations/new/", "/notifications/deliveries/",
    "/notifications/dead-letters/", "/notifications/quiet-hours/", "/nowhere/",
)  # fmt: skip


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    """A language in which every translated text is wrapped: what a page shows outside of ⟦ ⟧ was never translated."""

    def one(self: object, message: str) -> str:
        return f"⟦{message.rpartition(chr(4))[2]}⟧" if message else ""

    def several(self: object, singular: str, plural: str, number: int) -> str:
        return f"⟦{(singular if number == 1 else plural).rpartition(chr(4))[2]}⟧"

    monkeypatch.setattr(trans_real.DjangoTranslation, "gettext", one)
    monkeypatch.setattr(trans_real.DjangoTranslation, "ngettext", several)


class Reader(HTMLParser):
    """Collects what a person reads: texts and spoken attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent.append(tag)
        if tag != "time":  # a time's tooltip is the time in UTC
            self.read.extend(value or "" for name, value in attrs if name in SPOKEN)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.read.extend(value or "" for name, value in attrs if name in SPOKEN)

    def handle_endtag(self, tag: str) -> None:
        if self.silent and self.silent[-1] == tag:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.read.append(data)


def bare(page: str) -> Iterator[str]:
    """The texts of a page that hold a word outside of every ⟦ ⟧."""
    reader = Reader()
    reader.feed(page)
    for piece in {piece.strip() for piece in reader.read} - ZONES:
        rest, before = piece, ""
        while rest != before:  # innermost first: a translated sentence may hold a translated word
            rest, before = re.sub(r"⟦[^⟦⟧]*⟧", " ", rest), rest
        if re.search(r"[^\W\d_]", SAME.sub(" ", rest)):
            yield piece.strip()


@pytest.fixture
def scene(admin_user: User) -> dict[str, Any]:
    substation = station("SS-1", name="yard one", site="Works", rated_kva=630, time_zone="Asia/Kolkata")
    scored(substation)
    other = station("SS-2", name="yard one", trained=False)
    upload = Upload.objects.create(
        original_name="readings-one.csv", size=2000, sha256="1", fingerprint="1", state="loaded", source="form",
        uploaded_by=admin_user, rows_read=1234,
    )  # fmt: skip
    past = resolved(alerted(other), admin_user)
    at_peak = {"reactive_power_kvar": {"measured": 90.0, "expected": 10.0, "low": 0.0, "high": 20.0, "unit": "kvar"}}
    evidence = {"at_peak": at_peak, "contributions": {"reactive": 0.9, "voltage": 0.1}, "runner_up": "overload"}
    figures = {"reactive_power_kvar": 90.0, "reactive_power_kvar_expected": 10.0, "hours": 26.0, "is_open": True}
    assumed = {"assumed": ["no_distortion"], "typical_values": ["rated_kva"]}
    evidence |= {"code": "capacitor_failure", "figures": figures, **assumed}
    return {"alert": alerted(substation, evidence=evidence).pk, "past": past.pk, "upload": upload.pk}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_has_a_text_that_cannot_be_translated(
    pseudo: None, admin_client: Client, scene: dict[str, Any], page: str
) -> None:
    content = text(admin_client.get(page.format(**scene)))
    assert "⟦" in content
    assert sorted(set(bare(content))) == []


def test_nor_have_the_questions_about_a_file(pseudo: None, admin_client: Client) -> None:
    answer = admin_client.get(f"/uploads/{upload_of(TIMELESS).pk}/answer/")
    page, found_of_file = text(answer), answer.context["form"].found
    units = set(UNIT_NAMES)
    # What is said of the file itself is data, as the sentences of a finding are.
    said = {q.text for q in found_of_file.questions} | {column.why for column in found_of_file.found.columns}
    data = {*units, *said, *TIMELESS.splitlines()[0].split(","), "A", "B", "A, B", "export.csv"}
    found = {re.sub(r"^(P \(kW\)|Q \(kvar\)|Substation): ", "", " ".join(each.split())) for each in bare(page)} - data
    assert [each for each in found if not re.fullmatch("⟦[^⟦⟧]*⟧", each)] == []


def test_nor_has_the_sign_in_page(pseudo: None, client: Client) -> None:
    assert sorted(set(bare(text(client.post("/sign-in/", {"username": "x", "password": "y"}))))) == []


def test_the_check_sees_bare_text() -> None:
    page = '<p title="Bare">⟦a ⟦b⟧⟧ 12 kWh</p><i>left over ⟦c⟧</i><time>Mon</time><script>x</script>'
    assert sorted(bare(page)) == ["Bare", "left over ⟦c⟧"]


@pytest.fixture
def languages(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German"), ("ar", "Arabic"), ("he", "Hebrew")]


def test_numbers_and_dates_follow_the_language(languages: None, admin_client: Client, scene: dict[str, Any]) -> None:
    url = f"/alerts/{scene['alert']}/"
    english = text(admin_client.get(url, headers={"Accept-Language": "en"}))
    german = text(admin_client.get(url, headers={"Accept-Language": "de"}))
    assert "2026-03-02 13:30 +05:30" in english
    assert "12.5 kWh" in english
    assert "02.03.2026 13:30 +05:30" in german
    assert "12,5 kWh" in german
    assert re.search(r'<html\s+lang="de"\s+dir="ltr"', german)


def test_numbers_for_the_browser_stay_as_it_reads_them(languages: None, admin_client: Client) -> None:
    page = text(admin_client.get("/design/", headers={"Accept-Language": "de"}))
    assert 'aria-valuenow="0.98"' in page
    assert 'class="fill" width="98.00"' in page


@pytest.mark.parametrize("page", ["/", "/alerts/", "/sign-in/", "/nowhere/"])
def test_a_right_to_left_language_mirrors_the_page(languages: None, admin_client: Client, page: str) -> None:
    content = text(admin_client.get(page, headers={"Accept-Language": "he"}, follow=True))
    assert re.search(r'<html\s+lang="he"\s+dir="rtl"', content)


def test_figures_keep_their_order_in_right_to_left_text(
    languages: None, admin_client: Client, scene: dict[str, Any]
) -> None:
    page = text(admin_client.get(f"/alerts/{scene['alert']}/", headers={"Accept-Language": "he"}))
    assert "\u206612.5 kWh\u2069" in page
    assert re.search(r'<time [^>]* dir="ltr">02/03/2026 13:30 \+05:30', page)
    assert "\u2066" not in text(admin_client.get(f"/alerts/{scene['alert']}/"))


def test_a_left_to_right_language_does_not(admin_client: Client) -> None:
    assert 'dir="ltr"' in text(admin_client.get("/"))
