"""CSV exports: sent part by part while their rows are read, few at a time for one person, safe in a spreadsheet."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.utils import translation
from django.utils.translation import gettext_lazy

from core.csv_exports import MAX_AT_ONCE, RETRY_AFTER_S, ROWS_OF_A_PART, csv_export

pytestmark = pytest.mark.django_db  # a response that is closed looks at the connections


def asked_by(user_id: int) -> Any:
    request: Any = RequestFactory().get("/export/")
    request.user = User(pk=user_id)
    return request


def export(user_id: int, rows: Any = ()) -> Any:
    return csv_export(asked_by(user_id), "file.csv", ["a", "b"], rows)


def test_a_file_has_a_header_and_its_rows_and_no_cell_that_runs() -> None:
    answer = csv_export(asked_by(1), "a file.csv", ["a", "b"], [[1, "=2+3"], [-4.5, None]], head="\ufeff")
    assert answer["Content-Disposition"] == 'attachment; filename="a file.csv"'
    assert answer.getvalue().decode() == "\ufeffa,b\r\n1,'=2+3\r\n-4.5,\r\n"


def test_under_asgi_the_first_part_goes_before_a_row_is_read_and_no_more_is_read_than_goes() -> None:
    read: list[int] = []

    def rows() -> Iterator[list[int]]:
        for number in range(3 * ROWS_OF_A_PART):
            read.append(number)
            yield [number, number]

    async def receive() -> list[int]:
        parts = aiter(export(1, rows()))
        assert await anext(parts) == b"a,b\r\n"
        after = [len(read)]
        return after + [len(read) async for _part in parts]

    counts = asyncio.run(receive())
    assert counts == [0, ROWS_OF_A_PART, 2 * ROWS_OF_A_PART, 3 * ROWS_OF_A_PART]


def test_one_export_too_many_is_refused_in_words_until_another_has_ended() -> None:
    held = [export(2) for _number in range(MAX_AT_ONCE)]
    refused = export(2)
    assert refused.status_code == 429
    assert refused["Retry-After"] == str(RETRY_AFTER_S)
    assert f"{MAX_AT_ONCE} of your exports are under way" in refused.content.decode()
    assert export(3).status_code == 200, "those of others are not counted"
    held[0].close()
    held[0].close()
    assert export(2).status_code == 200


def test_an_export_that_nobody_reads_is_given_back() -> None:
    for _number in range(2 * MAX_AT_ONCE):
        assert export(4).status_code == 200
        gc.collect()


def test_an_export_that_fails_is_given_back() -> None:
    def broken() -> Iterator[list[int]]:
        yield [1, 2]
        raise ZeroDivisionError

    for _number in range(MAX_AT_ONCE + 1):
        answer = export(5, broken())
        assert answer.status_code == 200
        with pytest.raises(ZeroDivisionError):
            answer.getvalue()
        answer.close()


def test_what_a_row_says_is_in_the_language_of_who_asked() -> None:
    with translation.override("de"):
        answer = export(6, ([gettext_lazy("Monday"), ""] for _number in range(1)))
    with translation.override("en"):
        assert "Montag" in answer.getvalue().decode()
