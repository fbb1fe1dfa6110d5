"""A stream that only the passphrase opens, and that cannot be changed unseen."""

from __future__ import annotations

import io

import pytest

from smart_ems.backups import BackupRefused, backup_cipher
from smart_ems.backups.backup_cipher import HEADER_BYTES, PIECE_BYTES, TAG_BYTES, DecryptingReader, EncryptingWriter

SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES, 3 * PIECE_BYTES + 17]
SEALED = PIECE_BYTES + TAG_BYTES
PASSPHRASE = "correct horse"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_cipher, "SCRYPT_N", 2**10)


def sealed(plain: bytes, *, piece: int = 10_000) -> bytes:
    file = io.BytesIO()
    writer = EncryptingWriter(file, PASSPHRASE)
    for start in range(0, len(plain), piece):
        writer.write(plain[start : start + piece])
    writer.finish()
    return file.getvalue()


def opened(raw: bytes, passphrase: str = PASSPHRASE) -> bytes:
    return io.BufferedReader(DecryptingReader(io.BytesIO(raw), passphrase)).read()


@pytest.mark.parametrize("size", SIZES)
def test_what_goes_in_comes_out(size: int) -> None:
    plain = bytes(range(251)) * (size // 251 + 1)
    assert opened(sealed(plain[:size])) == plain[:size]


def test_another_passphrase_does_not_open_it() -> None:
    with pytest.raises(BackupRefused, match="made with another one"):
        opened(sealed(b"x"), "battery staple")


@pytest.mark.parametrize("at", [HEADER_BYTES, HEADER_BYTES + SEALED, -1])
def test_a_flipped_bit_is_seen(at: int) -> None:
    raw = bytearray(sealed(bytes(3 * PIECE_BYTES)))
    raw[at] ^= 1
    with pytest.raises(BackupRefused, match="altered"):
        opened(bytes(raw))


@pytest.mark.parametrize("left", [HEADER_BYTES + SEALED, HEADER_BYTES + 2 * SEALED, HEADER_BYTES + 100])
def test_pieces_that_are_missing_at_the_end_are_seen(left: int) -> None:
    with pytest.raises(BackupRefused, match="cut off"):
        opened(sealed(bytes(3 * PIECE_BYTES))[:left])


def test_pieces_cannot_change_places() -> None:
    raw = sealed(bytes(3 * PIECE_BYTES))
    first, second = raw[HEADER_BYTES:][:SEALED], raw[HEADER_BYTES + SEALED :][:SEALED]
    with pytest.raises(BackupRefused, match="altered"):
        opened(raw[:HEADER_BYTES] + second + first + raw[HEADER_BYTES + 2 * SEALED :])


def test_half_a_head_is_seen() -> None:
    with pytest.raises(BackupRefused, match="cut off"):
        opened(sealed(b"x")[:20])
