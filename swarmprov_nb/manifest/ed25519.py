"""Ed25519 as strict as a signature that must stand for years needs it (RFC 8032, §5.1).

Libraries accept points of small order, under which one signature fits many messages; they accept several encodings
of one point. Here a key and a signature's R must be canonical and of large order, and S must be below the group order.
"""

from __future__ import annotations

from typing import Final

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_ROOT: Final = pow(2, (_P - 1) // 4, _P)  # a square root of -1
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64

_Point = tuple[int, int]


def is_strong_point(encoded: bytes) -> bool:
    """Tell whether 32 bytes are the canonical encoding of a curve point of large order.

    >>> is_strong_point(bytes([1]) + bytes(31))  # the identity
    False
    """
    point = _decoded(encoded)
    if point is None:
        return False
    for _ in range(3):  # the cofactor is 8: small order is what three doublings bring to the identity
        point = _doubled(point)
    return point != (0, 1)


def verify(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether `signature` (64 bytes) is `key`'s (32 bytes, raw) over `message`, strictly.

    >>> verify(bytes([1]) + bytes(31), bytes([1]) + bytes(63), b"anything")  # accepted by libraries
    False
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if len(key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES or int.from_bytes(signature[32:], "little") >= _L:
        return False
    if not (is_strong_point(key) and is_strong_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _decoded(encoded: bytes) -> _Point | None:
    """Decode a point (RFC 8032, §5.1.3), or None where the encoding is not canonical."""
    if len(encoded) != _KEY_BYTES:
        return None
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * _ROOT % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    return (_P - x if x & 1 != sign else x), y


def _doubled(point: _Point) -> _Point:
    x, y = point
    product = _D * x * x * y * y % _P
    return (
        2 * x * y * pow(1 + product, -1, _P) % _P,
        (y * y + x * x) * pow(1 - product, -1, _P) % _P,
    )
