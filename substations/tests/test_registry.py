"""Nameplates and links from CSV files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from substations.models import Link, Substation
from substations.registry import LinkRow, RegistryError, read_links, read_substations, register
from substations.simulation import SimulationSpec, simulate, write_folder

Write = Callable[[str | bytes], Path]


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "grid.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_numbers_texts_and_aliases_are_understood(file: Write) -> None:
    path = file("\ufeff Code ,lat,LON,rated_kva,capacitor_steps,feeder,colour\n SS-01 ,18.5,73.9,630,6,North,red\n")
    assert read_substations(path) == [
        {"code": "SS-01", "latitude": 18.5, "longitude": 73.9, "rated_kva": 630.0, "capacitor_steps": 6,
         "site": "North"},
    ]  # fmt: skip


def test_an_empty_cell_is_left_as_it_is(file: Write) -> None:
    assert read_substations(file("code,rated_kva\nA,\nB,400\n")) == [{"code": "A"}, {"code": "B", "rated_kva": 400.0}]


def test_a_name_serves_where_there_is_no_code(file: Write) -> None:
    assert read_substations(file("name,rated_kva\nA,400\n"))[0]["code"] == "A"


@pytest.mark.parametrize("value", ["many", "nan", "inf", "1e999", "4,5"])
@pytest.mark.parametrize("field", ["rated_kva", "capacitor_steps"])
def test_a_bad_number_is_told_with_line_value_and_field(file: Write, field: str, value: str) -> None:
    with pytest.raises(RegistryError, match=rf"grid.csv line 3: received “{value}” for {field}; expected a number"):
        read_substations(file(f'code,{field}\nA,4\nB,"{value}"\n'))


def test_a_row_without_a_code_is_told_with_its_line(file: Write) -> None:
    with pytest.raises(RegistryError, match=r"line 3.*code"):
        read_substations(file("code,rated_kva\nA,4\n,5\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rated_kva\n4\n", "lacks the column code; it has rated_kva"),
        ("", "lacks the column code"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(file: Write, text: str | bytes, said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        read_substations(file(text))


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read"):
        read_links(tmp_path / "none.csv")


def test_links_are_read_and_the_supply_has_many_names(file: Write) -> None:
    text = "from_node,to_node,r_ohm,status\nGRID,A,0.1,\n,B,,OPEN\nA,B,0.2,closed\n"
    assert read_links(file(text)) == [
        LinkRow(None, "A", r_ohm=0.1),
        LinkRow(None, "B", status="open"),
        LinkRow("A", "B", r_ohm=0.2),
    ]


def test_a_bad_number_of_a_link_is_told(file: Write) -> None:
    with pytest.raises(RegistryError, match="line 2: received “far” for length_km"):
        read_links(file("from_node,to_node,length_km\nA,B,far\n"))


@pytest.mark.django_db
def test_registering_twice_updates_and_keeps_what_is_not_named() -> None:
    register([{"code": "A", "rated_kva": 400.0, "name": "North"}, {"code": "B"}], [LinkRow("A", "B", r_ohm=0.1)])
    register([{"code": "A", "rated_kva": 630.0}], [LinkRow("A", "B", r_ohm=0.2, status="open"), LinkRow(None, "A")])
    found = Substation.objects.get(code="A")
    assert (found.rated_kva, found.name, Substation.objects.count()) == (630.0, "North", 2)
    assert list(Link.objects.order_by("pk").values_list("r_ohm", "status")) == [(0.2, "open"), (None, "closed")]


@pytest.mark.django_db
def test_a_link_to_nowhere_stores_nothing_at_all() -> None:
    with pytest.raises(RegistryError, match="names the substation “X”"):
        register([{"code": "A"}], [LinkRow("A", "X")])
    assert not Substation.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"code": "a b"}, "a b .*code"),
        ({"code": "A", "rated_kva": -5.0}, "A.*rated_kva"),
        ({"code": "A", "time_zone": "Mars/Olympus"}, "A.*time_zone"),
        ({"code": "A", "target_power_factor": 95.0}, "A.*target_power_factor"),
    ],
)
def test_a_value_out_of_its_range_is_refused_in_words(values: dict[str, object], said: str) -> None:
    with pytest.raises(RegistryError, match=said):
        register([values])
    assert not Substation.objects.exists()


@pytest.mark.django_db
def test_a_link_to_itself_is_refused_in_words() -> None:
    with pytest.raises(RegistryError, match="A → A"):
        register([{"code": "A"}], [LinkRow("A", "A")])


@pytest.mark.django_db
def test_the_folder_of_a_simulation_can_be_registered(tmp_path: Path) -> None:
    made = simulate(SimulationSpec(substations=3, days=1))
    write_folder(made, tmp_path)
    register(read_substations(tmp_path / "substations.csv"), read_links(tmp_path / "links.csv"))
    assert set(Substation.objects.values_list("code", flat=True)) == set(made.grid.codes)
    assert Link.objects.filter(source=None).exists()
    assert Link.objects.count() == len(made.links)
