"""The small parts of the components library: what each writes, and that texts are escaped."""

from __future__ import annotations

import re

import pytest
from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.template import Context, Template


class Note(forms.Form):
    note = forms.CharField(label="Note", required=False, help_text="What was seen.")
    code = forms.CharField(label="<Code>")
    remember = forms.BooleanField(label="Remember")


def drawn(source: str, **context: object) -> str:
    """A template's output without the white space that lays out its source."""
    page = Template("{% load components %}" + source).render(Context(context))
    return re.sub(r"\s*([<>])\s*", r"\1", re.sub(r"\s+", " ", page))


def test_a_fact_names_its_value_and_escapes_the_name() -> None:
    assert drawn("{% fact name %}630 kVA{% endfact %}", name="<S>") == "<div><dt>&lt;S&gt;</dt><dd>630 kVA</dd></div>"
    page = drawn("{% fact 'Loss' lead=True note='so far' %}{{ value }}{% endfact %}", value="<1")
    assert '<span class="lead">&lt;1</span><span class="note">so far</span>' in page


def test_what_is_captured_has_no_space_around_it() -> None:
    assert Template(
        "{% load components %}{% capture as url %}\n  /alerts/?substation={{ code }}\n{% endcapture %}[{{ url }}]"
    ).render(Context({"code": "A&B"})) == "[/alerts/?substation=A&amp;B]"  # fmt: skip


def test_a_button_posts_what_is_named_besides() -> None:
    page = drawn("{% post_button '/undo/' word icon='check' version=3 as='row' %}", word="<Undo>", csrf_token="t")
    assert '<form method="post" action="/undo/">' in page
    for name, value in (("csrfmiddlewaretoken", "t"), ("version", "3"), ("as", "row")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in page
    assert "&lt;Undo&gt;</button>" in page
    assert "hx-post" not in page
    assert "disabled" not in page


def test_a_button_can_replace_an_element_and_have_a_key() -> None:
    page = drawn("{% post_button '/a/' 'Acknowledge' key='a' target='#alert-1' disabled=True %}")
    for said in ('hx-post="/a/"', 'hx-target="#alert-1"', 'data-key="a"', "disabled"):
        assert said in page


def test_a_field_says_its_label_its_help_and_whether_it_may_stay_empty() -> None:
    form = Note({"note": ""})
    optional, required, tick = (drawn("{% field bound %}", bound=form[name]) for name in form.fields)
    assert "(optional)" in optional
    assert "What was seen." in optional
    assert "(optional)" not in required
    assert "&lt;Code&gt;" in required
    assert "This field is required." in required
    assert '<div class="choice"><input type="checkbox"' in tick


@pytest.mark.parametrize(
    ("level", "state", "role"),
    [
        (constants.SUCCESS, "normal", "status"), (constants.INFO, "normal", "status"),
        (constants.WARNING, "warning", "status"), (constants.ERROR, "critical", "alert"),
    ],
)  # fmt: skip
def test_a_message_is_a_notice_of_its_level(level: int, state: str, role: str) -> None:
    page = drawn("{% message stored %}", stored=Message(level, "<Saved>"))
    assert page == f'<div class="notice is-{state}" role="{role}">&lt;Saved&gt;</div>'


def test_a_live_fragment_is_fetched_again_on_its_topics_and_on_poll() -> None:
    page = Template("{% load components %}<p {% live url 'scores alerts' %}>").render(Context({"url": '/a/?x=1&y="'}))
    assert 'hx-get="/a/?x=1&amp;y=&quot;"' in page
    assert 'hx-trigger="live:scores from:body, live:alerts from:body, live:poll from:body"' in page
    assert 'hx-swap="morph:outerHTML"' in page


def test_a_panel_is_fetched_once_the_page_stands() -> None:
    page = drawn("{% panel '/why/' css='brush-place' %}")
    assert '<div hx-get="/why/" hx-trigger="load" hx-swap="outerHTML" class="brush-place">' in page
    assert 'class="skeleton"' in page


def test_a_counter_is_a_link_where_it_leads_somewhere() -> None:
    assert drawn("{% counter 'Open' 3 url='/alerts/' id='open' %}").startswith('<a class="counter" href="/alerts/">')
    page = drawn("{% counter 'Loss' '4.0' unit='kW' state='warning' %}")
    assert page.startswith('<div class="counter is-warning">')
    assert '4.0<span class="unit">kW</span>' in page


@pytest.mark.parametrize(("attention", "blinks"), [(2, True), (0, False), ("", False), ("yes", True)])
def test_a_state_blinks_where_it_asks_for_attention(attention: object, blinks: bool) -> None:
    page = drawn("{% state 'critical' 'Critical' attention=attention %}", attention=attention)
    assert ("is-unacknowledged" in page) == blinks
    assert "#state-critical" in page


def test_an_empty_state_may_have_a_button() -> None:
    assert "<a" not in drawn("{% nothing_yet 'No models yet.' %}")
    page = drawn("{% nothing_yet 'No models yet.' 'Soon.' action='Upload' url='/uploads/' primary=True %}")
    assert '<a class="btn btn-primary" href="/uploads/">Upload</a>' in page
