"""Canonical JSON (section 2), and who signed it: an author with Ed25519 (4), a wallet with secp256k1 (7)."""

import json
import re
from itertools import accumulate

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tiny_keccak import keccak256 as keccak

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519: the field and the group order
D = -121665 * pow(121666, -1, P) % P
Q, N = 2**256 - 2**32 - 977, 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1
GX = 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798
GY = 0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8

def require(holds, wrong):
    if not holds:
        raise ValueError(wrong)

def loads(data, signs):
    """Return what JSON says, unless it has too many signs for a parser, or brackets too deep, outside its strings."""
    outside = re.sub(rb'(?s)"[^"\\]*+(?:\\.[^"\\]*+)*+"?', b"", data)
    depths = accumulate(1 if bracket in b"[{" else -1 for bracket in re.findall(rb"[][{}]", outside))
    require(len(data) <= 2**26 and len(re.findall(rb"[,[{]", outside)) <= signs, "too large a document")
    require(max(depths, default=0) <= 65, "nested deeper than 64")
    return json.loads(data.decode(), parse_constant=int)  # which takes no NaN

def canonical(value, depth=0):
    require(depth <= 64, "nested deeper than 64")
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return b"{" + b",".join(canonical(key) + b":" + canonical(value[key], depth + 1) for key in keys) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(canonical(each, depth + 1) for each in value) + b"]"
    require(not isinstance(value, float | int) or (type(value) is not float and abs(value) < 2**53), "no exact integer")
    return json.dumps(value, ensure_ascii=False).encode()

def parsed(data):
    """Return what canonical bytes stand for: only they come out again as they went in."""
    value = loads(data, 2**19)
    require(canonical(value) == data, "not canonical JSON")
    return value

def pae(kind, body):
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)

def is_strict(point):
    """Whether bytes are the one encoding of a point on the curve, and it is not of small order."""
    sign, y = divmod(int.from_bytes(point, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P  # of x, if it has a root: the power tells
    if y >= P or pow(square, P // 2, P) == P - 1 or (square == 0 and sign):
        return False
    for _ in range(3):  # doubled three times; only the identity has y = 1
        y = (y * y + square) * pow(1 - D * square * y * y, -1, P) % P
        square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return y != 1

def key_of(did):
    number = 0
    for character in did.removeprefix("did:key:z"):
        number = number * 58 + BASE58.index(character)
    key = (number % 2**256).to_bytes(32, "big")
    require(number >> 256 == 0xED01 and is_strict(key), "no strict Ed25519 key")
    return key

def require_signed(key, signature, message):
    require(len(signature) == 64 and is_strict(key) and is_strict(signature[:32]), "a key or an R that is not strict")
    require(int.from_bytes(signature[32:], "little") < L, "an S that is not below the group order")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)  # without cofactor, by the bytes of R
    except InvalidSignature:
        raise ValueError("a signature that the key did not make") from None

def plus(a, b):
    """Add two points of secp256k1; ValueError where the sum is the identity, for want of an inverse."""
    slope = 3 * a[0] ** 2 * pow(2 * a[1], -1, Q) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, Q)
    x = (slope * slope - a[0] - b[0]) % Q
    return x, (slope * (a[0] - x) - a[1]) % Q

def times(number, point):
    half = times(number // 2, plus(point, point)) if number > 1 else point
    return plus(half, point) if number > 1 and number % 2 else half

def wallet_of(digest, signature):
    """Return the address of the wallet that signed a digest."""
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64:]
    y = pow(r**3 + 7, (Q + 1) // 4, Q)
    on_curve = 0 < r < N and (y * y - r**3 - 7) % Q == 0
    require(v in (b"\x1b", b"\x1c") and 0 < s <= N // 2 and on_curve, "a wallet's signature that is none")
    inverse, z = pow(r, -1, N), int.from_bytes(digest, "big")
    x, y = plus(times(s * inverse % N, (r, y if y % 2 == v[0] - 27 else Q - y)), times(-z * inverse % N, (GX, GY)))
    return keccak(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]
