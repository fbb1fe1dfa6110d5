"""Models to bytes and back: safetensors for arrays, JSON for settings. No pickle, so nothing stored can run code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save


class ArtifactError(Exception):
    """A stored model that cannot be used; the text says why and what to do."""


class CorruptArtifactError(ArtifactError):
    """The bytes are not those that were stored."""


class IncompatibleArtifactError(ArtifactError):
    """The bytes are sound, but this version of the program cannot use them."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """``data``: arrays as safetensors; ``meta``: settings; ``sha256``: of both."""

    data: bytes
    meta: dict[str, Any]
    sha256: str


def pack(arrays: Mapping[str, np.ndarray[Any, Any]], meta: Mapping[str, Any]) -> Artifact:
    data = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    settings = json.loads(json.dumps(meta))
    return Artifact(data, settings, digest_of(data, settings))


def unpack(data: bytes, meta: Mapping[str, Any], sha256: str) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a stored artifact.

    Raises:
        CorruptArtifactError: the checksum differs, or the bytes are not safetensors.
    """
    digest = digest_of(data, meta)
    if digest != sha256:
        raise CorruptArtifactError(
            f"The checksum is {digest[:12]}…, expected {sha256[:12]}…. Train the substation again."
        )
    try:
        return dict(load(data))
    except (SafetensorError, ValueError, KeyError) as error:
        raise CorruptArtifactError(f"The arrays cannot be read ({error}). Train the substation again.") from error


def digest_of(data: bytes, meta: Mapping[str, Any]) -> str:
    """The checksum of an artifact: SHA-256 of its arrays and its settings."""
    settings = json.dumps(_canonical(meta), sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(len(data).to_bytes(8, "big") + data + settings).hexdigest()


def _canonical(value: Any) -> Any:
    """Numbers in one spelling: PostgreSQL gives 1e22 back as a whole number and −0.0 without its sign."""
    if isinstance(value, Mapping):
        return {name: _canonical(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(part) for part in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (float(value) + 0.0).hex() if is_number else value
