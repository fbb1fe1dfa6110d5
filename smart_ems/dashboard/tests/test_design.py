"""The staff page that shows every component, the tags behind it, and the tokens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.template import Context, Template
from django.test import Client

from .scene import SignIn, text

URL = "/design/"
TEMPLATES = Path(settings.BASE_DIR) / "templates"
TOKENS = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()


def drawn(source: str, **context: object) -> str:
    return Template("{% load components %}" + source).render(Context(context))


@pytest.mark.django_db
def test_it_is_for_staff(client: Client, signed_in: SignIn) -> None:
    assert client.get(URL).headers["Location"] == "/sign-in/?next=/design/"
    assert signed_in("engineer").get(URL).status_code == 403


@pytest.mark.django_db
def test_staff_see_both_themes_and_no_other_method_is_answered(signed_in: SignIn) -> None:
    client = signed_in("viewer")
    User.objects.update(is_staff=True)
    page = text(client.get(URL))
    for theme in ("light", "dark"):
        assert f'class="specimen" data-scheme="{theme}"' in page
    assert client.post(URL).status_code == 405


@pytest.mark.django_db
def test_every_component_is_shown(admin_client: Client) -> None:
    page = text(admin_client.get(URL))
    for name in (
        "card", "counter is-critical", "badge is-unknown", "table", "tabs", "segments", "time-range", "dialog",
        "is-drawer", "notice is-warning", "bar", "meter is-warning", "empty", "skeleton", "spark", "timeline",
        "facts", "input", "select", "check",
    ):  # fmt: skip
        assert re.search(rf'class="[^"]*{name}[^-]', page), name


def test_a_card_escapes_its_title_and_keeps_what_was_captured() -> None:
    card = "{% card title head=head more='All' more_url='/x' %}<p>in</p>{% endcard %}"
    page = drawn("{% capture as head %}<b>2</b>{% endcapture %}" + card, title="<Grid>")
    for said in ("<h2>&lt;Grid&gt;</h2>", "<b>2</b>", '<a class="more" href="/x">All</a>', "<p>in</p>"):
        assert said in page
    assert "&lt;script&gt;" in drawn("{% card 'A' head=head %}{% endcard %}", head="<script>")


def test_breadcrumbs_end_with_what_has_no_address() -> None:
    page = drawn("{% breadcrumbs 'Alerts' '/alerts/' code %}", code="<A>")
    assert '<a href="/alerts/">Alerts</a>' in page
    assert "<span>&lt;A&gt;</span>" in page


def test_breadcrumbs_leave_out_what_has_no_name() -> None:
    page = drawn("{% breadcrumbs 'Substations' '/substations/' site %}", site="")
    assert page.count("<li>") == 1


@pytest.mark.parametrize(
    ("value", "width"),
    [(0.5, "50.00"), (-1, "0.00"), (7, "100.00"), (None, "0"), (float("nan"), "0"), (float("inf"), "0")],
)
def test_a_meter_stays_inside_its_track(value: float | None, width: str) -> None:
    page = drawn("{% meter value 'Share' text='x' %}", value=value)
    assert f'class="fill" width="{width}"' in page
    assert ("aria-valuenow" in page) == (width != "0")


def test_a_sparkline_without_values_is_a_dash() -> None:
    assert ">–<" in drawn("{% sparkline values 'Power factor' %}", values=[None])


def test_no_page_has_a_style_of_its_own() -> None:
    pages = [path for path in TEMPLATES.rglob("*.html") if path.name not in ("_specimen.html", "progress.html")]
    assert [path.name for path in pages if re.search(r"<style|\bstyle=\"", path.read_text())] == []


def test_every_class_of_ours_is_styled() -> None:
    """A component whose class no sheet knows is a typing error."""
    sheets = "".join(path.read_text() for path in (Path(settings.BASE_DIR) / "static").rglob("*.css"))
    names = {
        name
        for path in TEMPLATES.rglob("*.html")
        for names in re.findall(r'class="([^"{}]*)"', path.read_text())
        for name in names.split()
    }
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", sheets))
    assert sorted(names - known) == []


def colours(theme: str) -> dict[str, str]:
    block = re.search(rf'\[data-scheme="{theme}"\] \{{(.*?)\n\}}', TOKENS, re.DOTALL)
    assert block
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block[1]))


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2.2, 1 to 21."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


READ = [
    *[(ink, ground) for ink in ("ink", "ink-2", "link") for ground in ("page", "surface", "surface-2", "accent-soft")],
    ("ink-2", "unknown-soft"), ("frame-ink", "frame"), ("frame-ink", "frame-hover"), ("ink-inverse", "accent"),
    ("ink-inverse", "accent-hover"), ("critical", "critical-soft"), ("critical", "surface"),
    ("on-critical", "critical"), ("warning-ink", "warning-soft"), ("normal", "normal-soft"),
    ("unknown", "unknown-soft"),
]  # fmt: skip
SEEN = [
    *[(name, "surface") for name in ("critical", "normal", "unknown", "focus")],
    *[(f"chart-{number}", "surface") for number in (1, 2, 3, 4)],
    ("focus", "page"), ("frame-mark", "frame"), ("on-warning", "warning-fill"), ("warning-edge", "surface"),
]  # fmt: skip


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_and_shapes_can_be_seen(theme: str) -> None:
    of = colours(theme)
    weak = [(a, b, round(contrast(of[a], of[b]), 2)) for a, b in READ if contrast(of[a], of[b]) < 4.5]
    weak += [(a, b, round(contrast(of[a], of[b]), 2)) for a, b in SEEN if contrast(of[a], of[b]) < 3]
    assert weak == []


def test_both_themes_define_the_same_roles() -> None:
    assert set(colours("light")) == set(colours("dark"))
