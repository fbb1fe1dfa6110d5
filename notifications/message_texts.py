"""From entries to a message: subject, text, the short form of at most 160 characters, and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# One SMS of the GSM alphabet (3GPP TS 23.038).
SHORT_LENGTH = 160
# chosen: a message that nobody reads to its end informs nobody; what is left out is counted.
MAX_LISTED = 20
MAX_SUBJECT = 300
Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is sent, in every form that a channel may want."""

    subject: str
    text: str
    short: str
    body: str


def write(kind: str, entries: Sequence[Entry], links: Mapping[int, str], head: str = "") -> Written:
    """One message about one or several alerts, the most urgent first; in the language that is active.

    links: addresses by which an alert is acknowledged, by the alert's key. head: a sentence before everything.
    """
    listed = list(entries[:MAX_LISTED])
    more = len(entries) - len(listed)
    parts = [head] if head else []
    if len(listed) == 1:
        parts.append(_in_full(listed[0], links.get(listed[0]["alert"], "")))
    else:
        parts += [_in_brief(entry, links.get(entry["alert"], "")) for entry in listed]
    if more:
        said = ngettext("And %(n)d more alert: see the list.", "And %(n)d more alerts: see the list.", more)
        parts.append(said % {"n": more})
    return Written(
        subject=_subject(kind, entries)[:MAX_SUBJECT],
        text="\n\n".join(parts) + "\n",
        short=_short(entries),
        body=body_of(kind, [_for_programs(entry) for entry in listed], more),
    )


def body_of(kind: str, alerts: list[dict[str, Any]], left_out: int = 0, said: str = "") -> str:
    """The JSON of webhooks and files; the same text in every attempt."""
    data: dict[str, Any] = {"alerts": alerts, "left_out": left_out}
    if said:
        data["text"] = said
    return json.dumps({"type": f"alerts.{kind}", "data": data}, ensure_ascii=False, separators=(",", ":"))


def _subject(kind: str, entries: Sequence[Entry]) -> str:
    worst = entries[0]
    if kind == "digest":
        said = ngettext("%(n)d alert is still open", "%(n)d alerts are still open", len(entries))
        return said % {"n": len(entries)}
    if len(entries) == 1:
        return _one_line(f"{worst['severity_word']}: {worst['substation']} {worst['what']}")
    said = ngettext("%(worst)s and %(n)d more alert", "%(worst)s and %(n)d more alerts", len(entries) - 1)
    name = f"{worst['severity_word']}: {worst['substation']} {worst['what']}"
    return _one_line(said % {"worst": name, "n": len(entries) - 1})


def _one_line(text: str) -> str:
    """Without line breaks, which would begin another header of a mail."""
    return " ".join(text.split())


def news_of(entry: Entry) -> str:
    """What happened: the word of the event, who did it, and what else happened before anything was sent."""
    words = " · ".join([*entry.get("before", ()), entry["word"]])
    return _("%(word)s by %(who)s") % {"word": words, "who": entry["by"]} if entry["by"] else words


def _in_full(entry: Entry, link: str) -> str:
    lines = [
        f"{entry['severity_word']}: {entry['what']}",
        f"{news_of(entry)}, {entry['when']}",
        _labelled(_("Where"), entry["where"]),
        _labelled(_("Since"), entry["since"]),
        _labelled(_("Why"), entry["why"]),
        _labelled(_("Cost so far"), entry["cost"]),
        _labelled(_("Comment"), entry["comment"]),
    ]
    if entry["checks"] and entry.get("asks"):
        lines.append(_("Check first:"))
        lines += [f"  {number}. {check}" for number, check in enumerate(entry["checks"], 1)]
    lines.append(_labelled(_("Open"), entry["link"]))
    lines.append(_labelled(_("Acknowledge"), link))
    return "\n".join(line for line in lines if line)


def _in_brief(entry: Entry, link: str) -> str:
    lines = [
        f"{entry['severity_word']}: {entry['where']}: {entry['what']}",
        f"  {news_of(entry)}, {entry['when']}",
        f"  {entry['why']}",
        f"  {entry['cost']}" if entry["cost"] else "",
        f"  {entry['link']}",
        f"  {_labelled(_('Acknowledge'), link)}" if link else "",
    ]
    return "\n".join(line for line in lines if line)


def _labelled(label: str, value: str) -> str:
    return f"{label}: {value}" if value else ""


def _short(entries: Sequence[Entry]) -> str:
    """The worst alert, how many more there are, and the whole link: what is too long is cut before it."""
    worst = entries[0]
    text = f"{worst['severity_word']} {worst['substation']}: {worst['what']}. {news_of(worst)}."
    if len(entries) > 1:
        text += f" +{len(entries) - 1}"
    return shortened(_one_line(text), worst["link"])


def shortened(text: str, link: str = "") -> str:
    """At most 160 characters with the link whole; a link that is longer than that is left out."""
    tail = f" {link}" if link and len(link) < SHORT_LENGTH // 2 else ""
    left_for = SHORT_LENGTH - len(tail)
    return (text if len(text) <= left_for else text[: left_for - 1].rstrip() + "…") + tail


def _for_programs(entry: Entry) -> dict[str, Any]:
    """Without what only a person reads."""
    return {name: value for name, value in entry.items() if name not in ("when", "since", "asks")}
