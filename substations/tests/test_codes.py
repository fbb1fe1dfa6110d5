"""What a code of a substation may hold: it stands in addresses, logs and files."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from substations.models import Substation


@pytest.mark.parametrize("character", ["\x01", "\x1b", "\x7f", "\x85", "\x9b", "\n", " ", "/", "%"])
@pytest.mark.parametrize("place", ["{}A", "A{}B", "A{}"])
def test_no_control_characters(character: str, place: str) -> None:
    with pytest.raises(ValidationError, match="code"):
        Substation(code=place.format(character)).full_clean(validate_unique=False, validate_constraints=False)


@pytest.mark.parametrize("code", ["SS-01", "Ü1", "変電所"])
def test_letters_of_any_script(code: str) -> None:
    Substation(code=code).full_clean(validate_unique=False, validate_constraints=False)
