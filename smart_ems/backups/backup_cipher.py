"""Encryption of a stream with a passphrase, in pieces that can be neither altered, exchanged nor left out.

Each piece is sealed by AES-256-GCM with a nonce of a random prefix, its number and whether it is the last one: the
STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár (2015). The key is made of the passphrase by scrypt.
"""

from __future__ import annotations

import hmac
import io
import os
import struct
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from . import BackupRefused

MAGIC = b"SEMSBK01"
SALT_BYTES, PREFIX_BYTES, KEY_BYTES, VERIFIER_BYTES = 16, 7, 32, 16
HEADER_BYTES = len(MAGIC) + SALT_BYTES + PREFIX_BYTES + VERIFIER_BYTES
PIECE_BYTES = 64 * 1024
"""Chosen: little memory, and a tag of 16 bytes adds next to nothing."""
TAG_BYTES = 16
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
"""OWASP password storage cheat sheet: 128 MiB of memory for each guess."""


def _keys(passphrase: str, salt: bytes) -> tuple[bytes, bytes]:
    """The key, and what tells a wrong passphrase from an altered file."""
    derived = Scrypt(salt=salt, length=KEY_BYTES + VERIFIER_BYTES, n=SCRYPT_N, r=SCRYPT_R, p=SCRYPT_P)
    both = derived.derive(passphrase.encode())
    return both[:KEY_BYTES], both[KEY_BYTES:]


class _Pieces:
    def __init__(self, key: bytes, header: bytes) -> None:
        self._cipher, self._header, self._number = AESGCM(key), header, 0
        self._prefix = header[len(MAGIC) + SALT_BYTES :][:PREFIX_BYTES]

    def _nonce(self, *, is_last: bool) -> bytes:
        nonce = self._prefix + struct.pack(">IB", self._number, is_last)
        self._number += 1
        return nonce

    def seal(self, piece: bytes, *, is_last: bool) -> bytes:
        return self._cipher.encrypt(self._nonce(is_last=is_last), piece, self._header)

    def open(self, piece: bytes, *, is_last: bool) -> bytes:
        return self._cipher.decrypt(self._nonce(is_last=is_last), piece, self._header)


class EncryptingWriter(io.RawIOBase):
    """What is written to it goes encrypted into ``file``; ``finish`` writes the last piece, without which it is cut."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        salt, prefix = os.urandom(SALT_BYTES), os.urandom(PREFIX_BYTES)
        key, verifier = _keys(passphrase, salt)
        header = MAGIC + salt + prefix + verifier
        self._file, self._buffer, self._pieces = file, bytearray(), _Pieces(key, header)
        file.write(header)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._buffer += data
        while len(self._buffer) > PIECE_BYTES:
            self._file.write(self._pieces.seal(bytes(self._buffer[:PIECE_BYTES]), is_last=False))
            del self._buffer[:PIECE_BYTES]
        return len(data)

    def finish(self) -> None:
        self._file.write(self._pieces.seal(bytes(self._buffer), is_last=True))
        self._buffer.clear()


class DecryptingReader(io.RawIOBase):
    """What ``EncryptingWriter`` wrote, read again.

    Raises:
        BackupRefused: the passphrase is another one; when read from, a piece was altered or is missing.
    """

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            raise BackupRefused("The file ends within its head: it is cut off.")
        key, verifier = _keys(passphrase, header[len(MAGIC) :][:SALT_BYTES])
        if not hmac.compare_digest(verifier, header[-VERIFIER_BYTES:]):
            raise BackupRefused("The passphrase does not open this backup: it was made with another one.")
        self._file, self._pieces, self._plain = file, _Pieces(key, header), b""
        self._sealed = file.read(PIECE_BYTES + TAG_BYTES)

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._plain and self._sealed:
            self._next()
        count = min(len(target), len(self._plain))
        target[:count], self._plain = self._plain[:count], self._plain[count:]
        return count

    def _next(self) -> None:
        following = self._file.read(PIECE_BYTES + TAG_BYTES)
        try:
            self._plain = self._pieces.open(self._sealed, is_last=not following)
        except InvalidTag:
            raise BackupRefused("The encrypted file was altered or is cut off.") from None
        self._sealed = following
