"""./ems manage tariff: check, import and export files."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from losses.models import TariffVersion

from .tariff_documents import tariff


def run(*arguments: str) -> tuple[str, str]:
    out, error = StringIO(), StringIO()
    try:
        call_command("tariff", *arguments, stdout=out, stderr=error)
    except CommandError as refused:
        error.write(str(refused))
    return out.getvalue(), error.getvalue()


def test_check_says_how_many_worked_bills_agree() -> None:
    out, error = run("check", "--preset", "malaysia", "--preset", "spain")
    assert "malaysia.json: right, 3 worked bills agree." in out
    assert error == ""


def test_check_names_what_is_wrong_of_each_file(tmp_path: Path) -> None:
    wrong, right = tmp_path / "wrong.json", tmp_path / "right.json"
    wrong.write_text(json.dumps(tariff(currency="rupees")))
    right.write_text(json.dumps(tariff()))
    out, error = run("check", str(wrong), str(right), str(tmp_path / "none.json"))
    assert "right.json: right, 0 worked bills agree." in out
    assert 'wrong.json: currency: received "rupees", expected an ISO 4217 code such as INR.' in error
    assert "none.json: No such file or directory." in error
    assert "2 of 3 tariffs cannot be used." in error


def test_a_worked_bill_that_does_not_agree_fails_the_check(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(tariff()))
    bill = {
        "title": "One",
        "source": "by hand",
        "month": "2026-03",
        "periods": {"all": {"kwh": 10}},
        "expect": {"total": "1"},
    }
    file.with_name("mine.bills.json").write_text(json.dumps({"schema": 1, "bills": [bill]}))
    assert "One, total: worked by hand 1, by this program 60.00." in run("check", str(file))[1]


def test_without_a_file_it_says_what_it_expects() -> None:
    assert "expected files of tariffs, or --preset NAME" in run("check")[1]


@pytest.mark.django_db
def test_what_is_imported_is_exported_as_it_was(tmp_path: Path) -> None:
    assert "stored South Korea" in run("import", "--preset", "south-korea")[0]
    version = TariffVersion.objects.get()
    file = tmp_path / "out.json"
    run("export", version.tariff.name, "--on", "2026-01-01", "--out", str(file))
    assert json.loads(file.read_text()) == version.document
    assert "out.json: right, 1 worked bills agree." in run("check", str(file))[0]
    assert json.loads(run("export", version.tariff.name)[0]) == version.document


@pytest.mark.django_db
def test_a_second_version_needs_the_first_to_end(tmp_path: Path) -> None:
    for number, start in enumerate(("2020-01-01", "2026-04-01")):
        (tmp_path / f"{number}.json").write_text(json.dumps(tariff(valid_from=start)))
    run("import", str(tmp_path / "0.json"))
    assert "Let the earlier one end on 2026-03-31" in run("import", str(tmp_path / "1.json"))[1]
    assert "stored" in run("import", "--close-previous", str(tmp_path / "1.json"))[0]


@pytest.mark.django_db
def test_a_tariff_that_is_not_there_is_said() -> None:
    assert "There is no version of “None such”" in run("export", "None such")[1]
