"""Templates, style sheets and scripts are as readable as the rest, and pages use the words of the field.

``djangofmt`` and ``biome`` lay them out; this holds what they leave open: how long a line may be, and the words.
"""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

BASE = Path(settings.BASE_DIR)
TEMPLATES = sorted((BASE / "templates").rglob("*.html"))
SHEETS = sorted((BASE / "static/css").glob("*.css"))
SCRIPTS = sorted((BASE / "static/js").glob("*.js"))
PYTHON = sorted(
    path
    for app in (
        "accounts",
        "alerts",
        "core",
        "ingestion",
        "mlcore",
        "notifications",
        "reports",
        "smart_ems",
        "substations",
    )
    for path in (BASE / app).rglob("*.py")
    if not {"migrations", "tests"} & set(path.parts)
)
ICON = re.compile(r'\{% icon "[\w-]+" %\}|\bicon(?:_name)?="[\w-]+"')
# Words that once had a meaning of their own here. The field has its own.
PRIVATE = re.compile(
    r"\b(?:bell|door|doors|room|rooms|rung|rungs|ladder|keepers?|strangers?|shards?|told|wish|wishes|learnt|desk)\b"
    r"|hand(?:ed)?[- ]back|from the shelf|on the shelf|not believed|stretches of readings|refused artifact"
    r"|found afterwards|not found again|how it ended|followed by a newer|cleared by itself|is asked for"
    r"|what contributed|\bcame in\b",
    re.IGNORECASE,
)
ONLY_WORD = re.compile(r"^Came$")
TRANSLATED = (
    re.compile(r"""\b_\(\s*["']([^"']+)["']"""),
    re.compile(r"""\{% translate ["']([^"']+)["']"""),
    re.compile(r"\{% blocktranslate[^%]*%\}(.*?)\{% endblocktranslate %\}", re.DOTALL),
)


def lengths(paths: list[Path]) -> list[int]:
    return sorted(len(line) for path in paths for line in path.read_text().splitlines())


def too_long(paths: list[Path], limit: int) -> list[str]:
    return [
        f"{path.relative_to(BASE)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > limit
    ]


def texts(path: Path) -> list[str]:
    content = path.read_text()
    return [text for pattern in TRANSLATED for text in pattern.findall(content)]


def test_templates_read_line_by_line() -> None:
    measured = lengths(TEMPLATES)
    assert measured[int(0.9 * len(measured))] < 100
    assert too_long(TEMPLATES, 140) == []


def test_style_sheets_and_scripts_keep_to_the_line_width() -> None:
    assert too_long([*SHEETS, *SCRIPTS], 120) == []


def test_each_script_says_what_it_is_for() -> None:
    assert [path.name for path in SCRIPTS if not path.read_text().startswith("/**")] == []


def test_functions_of_scripts_are_short() -> None:
    """From one declaration at the margin to the next."""
    long = []
    for path in SCRIPTS:
        lines = path.read_text().splitlines()
        starts = [n for n, line in enumerate(lines) if re.match(r"(?:async )?function |  \w+\(.*\) \{$", line)]
        ends = [next((n for n in range(at, len(lines)) if re.match(r" {0,2}\}", lines[n])), at) for at in starts]
        long += [f"{path.name}:{at + 1}" for at, end in zip(starts, ends, strict=True) if end - at > 40]
    assert long == []


def test_there_is_one_design_system() -> None:
    sources = [*TEMPLATES, *SHEETS, *SCRIPTS]
    assert [path.name for path in sources if re.search(r"bootstrap|data-bs-|--bs-|\.btn-close", path.read_text())] == []
    assert list((BASE / "static/vendor").glob("bootstrap*")) == []


def test_names_in_pages_are_the_fields_own() -> None:
    pages = [*TEMPLATES, *SHEETS, *SCRIPTS]
    assert len(pages) > 250
    wrong = "\n".join(
        f"{path.relative_to(BASE)}: {word}"
        for path in pages
        for word in PRIVATE.findall(ICON.sub("", path.read_text()))
    )
    assert not wrong, wrong


def test_what_stands_on_screen_is_said_in_the_fields_words() -> None:
    found = {
        f"{path.relative_to(BASE)}: {text}"
        for path in [*TEMPLATES, *PYTHON]
        for text in texts(path)
        if PRIVATE.search(text) or ONLY_WORD.match(text)
    }
    assert sorted(found) == []


def test_the_check_sees_what_it_looks_for() -> None:
    assert PRIVATE.findall("Hand back, the desk, roomy, Not believed") == ["Hand back", "desk", "Not believed"]
    assert ICON.sub("", '{% icon "bell" %}{% counter _("A") 1 icon="bell" %}') == '{% counter _("A") 1  %}'
    sample = "{% translate 'One' %}{% blocktranslate trimmed %} Two {% endblocktranslate %}{% card _(\"Three\") %}"
    found = [text.strip() for pattern in TRANSLATED for text in pattern.findall(sample)]
    assert sorted(found) == ["One", "Three", "Two"]
