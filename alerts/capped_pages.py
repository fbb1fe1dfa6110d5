"""Pages of a table that is too large to be counted, or sorted with all its columns, for each of them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

# chosen: two hundred pages; whoever looks for more gives a range or a filter.
MAX_COUNTED = 10_000


class CappedPaginator(Paginator[Any]):
    """Counts and shows the first ten thousand; ``has_more``: there are others behind them."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MAX_COUNTED + 1].count())

    @property
    def has_more(self) -> bool:
        return self.count > MAX_COUNTED

    @cached_property
    def num_pages(self) -> int:
        return max(1, -(-min(self.count, MAX_COUNTED) // self.per_page))


def fill(page: Page[Any], rows: Any) -> None:
    """Put the rows, in their order, where a page has their numbers: so only these are read with all that belongs to
    them, whereas every row that is sorted is a few columns. What is gone by now is left out."""
    numbers = list(page.object_list)
    found = rows.in_bulk(numbers)
    page.object_list = [found[number] for number in numbers if number in found]
