"""/losses/what-if/: the last twelve months again, and what is refused."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from losses.billing_models import TariffAssignment
from losses.compensation_models import BankRecommendation, CompensationInput
from losses.recommendations import refresh_recommendations
from losses.tariff_store import store_version
from substations.models import Substation

from .billed_point import client_of
from .stored_grid import substation, supplied
from .stored_hours import billed, day_and_night, store_hours
from .tariff_documents import tariff

pytestmark = pytest.mark.django_db
URL = "/losses/what-if/"
BANK = {"substation": "A", "fixed_kvar": "50", "step_kvar": "50", "step_count": "4"}


@pytest.fixture
def station() -> Substation:
    one = substation()
    store_hours(one, *day_and_night(31))
    billed(one)
    return one


def page(client: Client, values: dict[str, Any], *, status: int = 200, path: str = URL) -> str:
    answer = client.get(f"{path}?{urlencode(values)}")
    assert answer.status_code == status, answer.content.decode()[:3000]
    return " ".join(answer.content.decode().split())


def row(text: str, name: str) -> list[str]:
    """The two figures of a row of the comparison."""
    cells = text.split(f'<th scope="row">{name}</th>')[1].split("</tr>")[0]
    return [cell.split("</td>")[0] for cell in cells.split('<td class="num">')[1:]]


def test_a_viewer_sees_before_and_after(station: Substation) -> None:
    text = page(client_of("viewer"), BANK)
    before, after = row(text, "Bills")
    assert before.startswith("₹")
    assert before != after
    assert row(text, "Highest hour")[0] > row(text, "Highest hour")[1]
    assert row(text, "Leading reactive energy") == ["0 kvarh", "0 kvarh"]
    assert "2026-01" in text
    assert "Detuned" in text
    assert "resonance at the order" in text


def test_a_bank_of_0_kvar_changes_nothing(station: Substation) -> None:
    text = page(client_of("viewer"), {"substation": "A", "fixed_kvar": "0", "target_power_factor": "0.95"})
    for name in ("Bills", "Transformer loss", "Reactive energy beyond the target", "Highest hour"):
        before, after = row(text, name)
        assert before == after, name
    assert "₹ 0.00" in text
    assert "Harmonics" not in text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"fixed_kvar": "1500"},
            "a bank of 1700 kvar, more than the transformer of 1000 kVA can carry: make it smaller",
        ),
        ({"fixed_kvar": "-5"}, "greater than or equal to 0"),
        ({"fixed_kvar": "nan"}, "Enter a number"),
        ({"fixed_kvar": "ten"}, "Enter a number"),
        ({"step_count": "500"}, "less than or equal to 24"),
        ({"step_kvar": ""}, "expected both"),
        ({"step_count": ""}, "expected both"),
        ({"target_power_factor": "1.2"}, "less than or equal to 1"),
        ({"target_power_factor": "0.2"}, "greater than or equal to 0.5"),
        ({"substation": "nobody"}, "Select a valid choice"),
        ({"tariff": "999"}, "Select a valid choice"),
        ({"cost": "-1"}, "greater than or equal to 0"),
        ({"last_month": "March"}, "Enter a valid date"),
        ({"last_month": "2020-01"}, "No hour of the twelve months up to 2020-01 is known of A"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(station: Substation, values: dict[str, str], message: str) -> None:
    client = client_of("viewer")
    assert message in page(client, BANK | values, status=422)
    page(client, BANK | values, status=400, path=f"{URL}duration/")


def test_more_than_the_inverters_have_is_refused(station: Substation) -> None:
    CompensationInput.objects.create(substation=station, inverter_kva=100)
    assert "the inverters have 100 kVA" in page(client_of("viewer"), BANK | {"inverter_kvar": "150"}, status=422)


def test_an_assumed_rating_counts_too() -> None:
    one = substation(rated_kva=None)
    store_hours(one, *day_and_night(31))
    refresh_recommendations()
    assert "more than the transformer of" in page(client_of("viewer"), BANK | {"fixed_kvar": "5000"}, status=422)


def test_htmx_gets_the_fragment_with_the_errors_in_it(station: Substation) -> None:
    client = client_of("viewer")
    for values, text in ((BANK, "before and after"), (BANK | {"fixed_kvar": "5000"}, "make it smaller")):
        answer = client.get(URL, values, headers={"HX-Request": "true"})
        assert answer.status_code == 200
        assert answer.content.decode().lstrip().startswith("<div")
        assert text in answer.content.decode()


def test_another_target_or_tariff_moves_the_figures(station: Substation) -> None:
    client = client_of("viewer")
    first, other = (page(client, BANK | {"target_power_factor": value}) for value in ("0.95", "1"))
    assert row(first, "Reactive energy beyond the target")[0] != row(other, "Reactive energy beyond the target")[0]
    dear = store_version(
        tariff(name="Dear", charges=[{"kind": "energy", "id": "e", "title": "E", "unit": "kWh", "prices": {"all": 60}}])
    )
    text = page(client, {"substation": "A", "tariff": str(dear.tariff_id)})
    assert row(text, "Bills")[0] == row(first, "Bills")[0]
    assert row(text, "Bills")[1] > row(text, "Bills")[0]


def test_tariffs_of_different_currencies_are_not_compared(station: Substation) -> None:
    euro = store_version(tariff(name="Euro", currency="EUR"))
    text = page(client_of("viewer"), BANK | {"tariff": str(euro.tariff_id)})
    assert "different currencies" in text
    assert "Saved in these months" not in text


def test_a_cost_gives_a_payback(station: Substation) -> None:
    text = page(client_of("viewer"), BANK | {"cost": "300000"})
    assert "₹ 3,00,000.00" in text
    assert "Payback (years)" in text


def test_without_a_tariff_energy_alone_is_compared(station: Substation) -> None:
    TariffAssignment.objects.all().delete()
    text = page(client_of("viewer"), BANK)
    assert "No tariff bills these months" in text
    assert "Bills</th>" not in text
    assert row(text, "Transformer loss")[0] != ""


def test_the_lines_of_the_network_are_replayed(station: Substation) -> None:
    other = substation("B")
    store_hours(other, *day_and_night(31))
    supplied(other, station)
    text = page(client_of("viewer"), BANK)
    assert "Loss saved in the lines" in text
    assert "lines are left out" not in text


def test_the_chart_has_both_curves_and_the_target(station: Substation) -> None:
    found = json.loads(page(client_of("viewer"), BANK, path=f"{URL}duration/"))
    before, after = (trace["y"] for trace in found["data"])
    assert before[-1] < after[-1]
    assert found["layout"]["shapes"][0]["y0"] == 0.95


def test_the_substation_alone_fills_the_form_in_and_replays_nothing(station: Substation) -> None:
    refresh_recommendations()
    text = page(client_of("viewer"), {"substation": "A"})
    assert 'name="step_count" value="4"' in text
    assert "Bills</th>" not in text
    assert "Recommended" in text
    page(client_of("operator"), {"substation": "nobody"})


@pytest.mark.parametrize("count", [1, 12])
def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries: Any, count: int) -> None:
    for number in range(count):
        one = substation(f"S{number}")
        BankRecommendation.objects.create(
            substation=one, since="2026-01-01T00:00Z", until="2026-02-01T00:00Z", known_h=744, outcome="bank",
            target_power_factor=0.95, step_kvar=50, step_count=4, guard="plain", bill_saved=1000, currency="INR",
        )  # fmt: skip
    client = client_of("viewer")
    with django_assert_max_num_queries(9):
        assert "200 kvar" in page(client, {})


def test_the_panel_says_what_to_do_and_what_was_not_known(station: Substation) -> None:
    client = client_of("viewer")
    assert "Nothing is recommended yet" in page(client, {}, path=f"{URL}A/panel/")
    refresh_recommendations()
    text = page(client, {}, path=f"{URL}A/panel/")
    assert "250 kvar" in text
    assert "The short-circuit power of the supply is not known" in text
    page(client, {}, path=f"{URL}nobody/panel/", status=404)


@pytest.mark.parametrize("path", [URL, f"{URL}duration/", f"{URL}A/panel/"])
def test_nobody_else_gets_in(path: str, station: Substation) -> None:
    assert Client().get(path).status_code == 302
    assert client_of("outsider").get(path).status_code == 403
    assert client_of("viewer").post(path).status_code == 405


def test_the_api_has_recommendations_prices_and_changes(station: Substation) -> None:
    refresh_recommendations()
    client = client_of("viewer")
    found = client.get("/api/bank-recommendations/A/").json()
    assert (found["outcome"], found["total_kvar"], found["guard"]) == ("bank", 250, "detuned")
    assert found["figures"]["order"][0] < found["figures"]["order"][1]
    for path in ("bank-recommendations", "bank-prices", "compensation-changes"):
        assert client.get(f"/api/{path}/").status_code == 200
        assert client.post(f"/api/{path}/", {}).status_code in (403, 405)
        assert Client().get(f"/api/{path}/").status_code in (401, 403)
