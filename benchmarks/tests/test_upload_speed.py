from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db(transaction=True)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("bench", "upload", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("order", ["substation", "time"])
def test_an_upload_is_timed_beside_the_raw_way_and_its_rows_are_counted(order: str) -> None:
    figures = json.loads(
        run("--rows", "1500", "--substations", "4", "--repeats", "1", "--order", order, "--server", "", "--json")
    )
    assert (figures["rows"], figures["substations"], figures["order"]) == (1500, 4, order)
    assert figures["ratio_to_raw"] == pytest.approx(figures["upload_s"] / figures["raw_s"])
    assert figures["upload_rows_per_s"] == pytest.approx(1500 / figures["upload_s"])
    assert figures["again_ratio_to_upload"] == pytest.approx(figures["again_s"] / figures["upload_s"])
    assert figures["half_corrected_ratio_to_upload"] == pytest.approx(figures["half_corrected_s"] / figures["upload_s"])
    assert figures["load_average"] >= 0


@pytest.mark.parametrize("arguments", [("--rows", "3"), ("--repeats", "0"), ("--substations", "0")])
def test_what_cannot_be_measured_is_refused(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match="received"):
        run(*arguments)
