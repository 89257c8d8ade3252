"""Keccak-256 as Ethereum and Swarm use it: the original padding, not the one of SHA3-256."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from swarmprov_nb.errors import MissingExtra


def _missing(_data: bytes) -> bytes:
    raise MissingExtra("No Keccak-256 is installed.", "Run `pip install tiny-keccak` and try again.")


def _from_pycryptodome() -> Callable[[bytes], bytes]:
    try:
        keccak = importlib.import_module("Crypto.Hash.keccak")
    except ImportError:
        return _missing

    def hash_bytes(data: bytes) -> bytes:
        return bytes(keccak.new(digest_bits=256, data=data).digest())

    return hash_bytes


def _fastest() -> Callable[[bytes], bytes]:
    try:
        from tiny_keccak import keccak256 as compiled
    except ImportError:
        return _from_pycryptodome()
    hash_bytes: Callable[[bytes], bytes] = compiled
    return hash_bytes


# the bare compiled function: a chunk takes 128 calls, so a wrapper around it would show
raw_keccak256: Callable[[bytes], bytes] = _fastest()


def keccak256(data: bytes) -> bytes:
    """Hash bytes to 32 bytes with Keccak-256.

    >>> keccak256(b"").hex()
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'

    Raises
    ------
    MissingExtra
        Neither tiny-keccak nor pycryptodome is installed.
    """
    return raw_keccak256(bytes(data))
