"""Models as bytes: what was stored comes back, or an error says so."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.training.artifacts import Artifact, CorruptArtifactError, digest_of, pack, unpack

ARRAYS = {"weights": np.arange(12.0).reshape(3, 4), "empty": np.zeros((0, 3), np.float32), "one": np.array(7, np.int64)}
META: dict[str, Any] = {"version": 3, "names": ["a", "b"], "nameplate": {"rated_kva": 630.0}}


@pytest.fixture
def artifact() -> Artifact:
    return pack(ARRAYS, META)


def test_arrays_come_back_with_shape_and_type(artifact: Artifact) -> None:
    found = unpack(artifact.data, artifact.meta, artifact.sha256)
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)


def test_a_transposed_array_is_stored_as_it_reads() -> None:
    turned = np.arange(6.0).reshape(2, 3).T
    found = pack({"a": turned}, {})
    np.testing.assert_array_equal(unpack(found.data, found.meta, found.sha256)["a"], turned)


def test_the_same_model_has_the_same_checksum_whatever_the_order_of_its_settings() -> None:
    assert pack(ARRAYS, META).sha256 == pack(ARRAYS, dict(reversed(META.items()))).sha256


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_byte_is_noticed(position: int, change: int) -> None:
    whole = pack(ARRAYS, META)
    data = bytearray(whole.data)
    data[position % len(data)] ^= change
    with pytest.raises(CorruptArtifactError, match="Train the substation again"):
        unpack(bytes(data), whole.meta, whole.sha256)


@given(st.integers(0, 10_000))
def test_a_truncated_one_is_noticed(length: int) -> None:
    whole = pack(ARRAYS, META)
    with pytest.raises(CorruptArtifactError):
        unpack(whole.data[: length % len(whole.data)], whole.meta, whole.sha256)


def test_other_settings_are_noticed(artifact: Artifact) -> None:
    with pytest.raises(CorruptArtifactError, match="checksum"):
        unpack(artifact.data, artifact.meta | {"version": 4}, artifact.sha256)


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 100, b"\xff" * 16, pickle.dumps({"a": 1})])
def test_what_is_no_safetensors_is_refused_even_with_its_own_checksum(data: bytes) -> None:
    with pytest.raises(CorruptArtifactError, match="cannot be read"):
        unpack(data, {}, digest_of(data, {}))


def test_settings_that_are_not_json_are_refused_before_they_are_stored() -> None:
    with pytest.raises(TypeError):
        pack({}, {"when": object()})


@pytest.mark.django_db
def test_the_checksum_holds_after_a_round_trip_through_the_database() -> None:
    from mlcore.models import Detector
    from substations.models import Substation

    from .grid import moment

    meta = META | {"small": 1e-7, "large": 1.5e300, "third": 1 / 3, "zero": -0.0, "whole": 1e22, "text": "µ"}
    packed = pack(ARRAYS, meta)
    Detector.objects.create(
        substation=Substation.objects.create(code="A"), version=1, trained_from=moment(0), trained_until=moment(1),
        row_count=1, arrays=packed.data, meta=packed.meta, sha256=packed.sha256,
    )  # fmt: skip
    row = Detector.objects.get()
    assert unpack(bytes(row.arrays), row.meta, row.sha256).keys() == ARRAYS.keys()
