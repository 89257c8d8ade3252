"""Private keys in the files that tools keep them in: PEM of several kinds, OpenSSH, OpenPGP, PuTTY and others.

The keys are real ones, made from the seed: RSA of 1024 bits (to be quick), elliptic curves and Edwards curves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import textwrap
from typing import TYPE_CHECKING, Final

from swarmprov_nb.testing.secret_corpus.draw import Draw, Planted

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SMALL: Final = math.prod(n for n in range(3, 1000, 2) if all(n % d for d in range(3, n, 2)))
_EXPONENT: Final = 65537
_LONG: Final = 128  # DER gives a longer length in several bytes


def pem_pkcs8(draw: Draw) -> Planted:
    """PRIVATE KEY or ENCRYPTED PRIVATE KEY (RFC 5958, RFC 7468)."""
    text = pkcs8(draw, draw.pick("rsa", "ec", "ed25519"))
    return _pem(draw, draw.pick(text, text, _encrypted(draw, text)))


def pem_traditional(draw: Draw) -> Planted:
    """RSA PRIVATE KEY (RFC 8017), EC PRIVATE KEY (RFC 5915); some locked as OpenSSL did (RFC 1421)."""
    from cryptography.hazmat.primitives import serialization as forms

    key: RSAPrivateKey | EllipticCurvePrivateKey = _rsa(draw) if draw.number(0, 1) else _ec(draw)
    style = forms.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(forms.Encoding.PEM, style, forms.NoEncryption()).decode()
    if draw.pick(True, False, False):
        first, *body, last = text.splitlines()
        iv = draw.bytes(16)
        head = f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{iv.hex().upper()}\n\n"
        locked = _locked(hashlib.md5(draw.bytes(8) + iv[:8]).digest(), iv, base64.b64decode("".join(body)))  # noqa: S324 - OpenSSL's way
        text = f"{first}\n{head}{_lines(locked)}\n{last}\n"
    return _pem(draw, text)


def openssh(draw: Draw) -> Planted:
    """OPENSSH PRIVATE KEY (OpenSSH, PROTOCOL.key), not locked."""
    seed, public = _ed25519(draw)
    comment = f"{draw.person()}@{draw.word()}".encode()
    blob = _string(b"ssh-ed25519") + _string(public)
    check = draw.bytes(4)
    private = check + check + blob + _string(seed + public) + _string(comment)
    private += bytes(range(1, 1 + -len(private) % 8))
    data = b"openssh-key-v1\0" + _string(b"none") * 2 + _string(b"") + (1).to_bytes(4, "big")
    text = armored("OPENSSH PRIVATE KEY", data + _string(blob) + _string(private), 70)
    return _pem(draw, text)


def openpgp(draw: Draw) -> Planted:
    """A secret key packet of Ed25519 in ASCII armour, with its CRC-24 (RFC 4880 §6, §5.5.3)."""
    seed, public = _ed25519(draw)
    material = _mpi(seed)
    body = b"\x04" + draw.number(16 * 10**8, 18 * 10**8).to_bytes(4, "big") + b"\x16"
    body += b"\x09" + bytes.fromhex("2b06010401da470f01") + _mpi(b"\x40" + public)
    body += b"\x00" + material + (sum(material) % 65536).to_bytes(2, "big")
    name = f"{draw.person().title()} <{draw.person()}@example.org>".encode()
    data = bytes([0xC5, len(body)]) + body + bytes([0xCD, len(name)]) + name
    check = "=" + base64.b64encode(_crc24(data).to_bytes(3, "big")).decode()
    kind = "PGP PRIVATE KEY BLOCK"
    version = draw.pick("", "Comment: GPGTools - https://gpgtools.org\n")
    text = f"-----BEGIN {kind}-----\n{version}\n{_lines(data)}\n{check}\n-----END {kind}-----\n"
    return _pem(draw, text)


def tool_key(draw: Draw) -> Planted:
    """PuTTY's file (PPK 3), an age identity (Bech32), a WireGuard interface, or a JSON Web Key (RFC 8037)."""
    return draw.pick(_putty, _age, _wireguard, _jwk)(draw)


def pkcs8(draw: Draw, kind: str) -> str:
    """Return a fresh key of a kind (rsa, ec, ed25519) as PKCS #8 in PEM."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key: RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey
    if kind == "rsa":
        key = _rsa(draw)
    else:
        key = _ec(draw) if kind == "ec" else Ed25519PrivateKey.from_private_bytes(draw.bytes(32))
    return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()).decode()


def armored(kind: str, data: bytes, width: int = 64) -> str:
    """Return bytes as PEM (RFC 7468)."""
    return f"-----BEGIN {kind}-----\n{_lines(data, width)}\n-----END {kind}-----\n"


def _pem(draw: Draw, text: str) -> Planted:
    body = [line for line in text.splitlines()[1:-1] if line and ":" not in line]
    secret = body[(len(body) - 1) // 2]  # the first lines say what it is, and are often alike
    python = (f'key = """{text}"""', f"key = {json.dumps(text)}", _joined(text))
    file = draw.pick("id_key", "server.pem", "notes.md")
    return draw.pick(Planted(secret, text, file), Planted(secret, draw.pick(*python)))


def _joined(text: str) -> str:
    return "key = (\n" + "".join(f"    {json.dumps(line + chr(10))}\n" for line in text.splitlines()) + ")"


def _encrypted(draw: Draw, text: str) -> str:
    """Lock PKCS #8 by PBES2 (RFC 8018): PBKDF2 with HMAC-SHA256, and AES-256-CBC."""
    salt, iv, rounds = draw.bytes(8), draw.bytes(16), 2048
    plain = base64.b64decode("".join(text.splitlines()[1:-1]))
    cipher = _locked(hashlib.pbkdf2_hmac("sha256", draw.bytes(9), salt, rounds), iv, plain)
    digest = _der(0x30, _oid("2a864886f70d0209"), _der(0x05))
    derive = _der(0x30, _der(0x04, salt), _der(0x02, rounds.to_bytes(2, "big")), digest)
    scheme = _der(0x30, _oid("60864801650304012a"), _der(0x04, iv))
    both = _der(0x30, _der(0x30, _oid("2a864886f70d01050c"), derive), scheme)
    whole = _der(0x30, _der(0x30, _oid("2a864886f70d01050d"), both), _der(0x04, cipher))
    return armored("ENCRYPTED PRIVATE KEY", whole)


def _putty(draw: Draw) -> Planted:
    seed, public = _ed25519(draw)
    comment, kind = "ed25519-key-20260301", "ssh-ed25519"
    blob, private = _string(kind.encode()) + _string(public), _string(seed)
    parts = [kind.encode(), b"none", comment.encode(), blob, private]
    mac = hmac.digest(b"", b"".join(map(_string, parts)), "sha256").hex()
    secret = base64.b64encode(private).decode()
    shown = base64.b64encode(blob).decode()
    text = (
        f"PuTTY-User-Key-File-3: {kind}\nEncryption: none\nComment: {comment}\nPublic-Lines: 2\n{shown[:64]}\n"
        f"{shown[64:]}\nPrivate-Lines: 1\n{secret}\nPrivate-MAC: {mac}\n"
    )
    return Planted(secret, text, "key.ppk")


def _age(draw: Draw) -> Planted:
    secret = bech32("age-secret-key-", draw.bytes(32)).upper()
    text = f"# created: 2026-03-0{draw.number(1, 9)}T10:00:00Z\n{secret}\n"
    return draw.pick(Planted(secret, text, "key.txt"), Planted(secret, f'identity = "{secret}"'))


def _wireguard(draw: Draw) -> Planted:
    raw = bytearray(draw.bytes(32))
    raw[0], raw[31] = raw[0] & 248, raw[31] & 127 | 64
    secret = base64.b64encode(raw).decode()
    text = f"[Interface]\nPrivateKey = {secret}\nAddress = 10.8.0.{draw.number(2, 99)}/32\n"
    return Planted(secret, text, "wg0.conf")


def _jwk(draw: Draw) -> Planted:
    seed, public = (base64.urlsafe_b64encode(each).decode().rstrip("=") for each in _ed25519(draw))
    key = {"kty": "OKP", "crv": "Ed25519", "x": public, "d": seed}
    return draw.pick(Planted(seed, json.dumps(key, indent=2), "key.jwk"), Planted(seed, f"key = {json.dumps(key)}"))


def _ed25519(draw: Draw) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = draw.bytes(32)
    return seed, Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _ec(draw: Draw) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(draw.random.getrandbits(250) | 1, draw.pick(ec.SECP256R1(), ec.SECP256K1()))


def _rsa(draw: Draw) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric import rsa

    p, q = _prime(draw, 512), _prime(draw, 512)
    d = pow(_EXPONENT, -1, math.lcm(p - 1, q - 1))
    public = rsa.RSAPublicNumbers(_EXPONENT, p * q)
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _prime(draw: Draw, bits: int) -> int:
    """Return a number that passes Fermat's test, which for one drawn at random is as good as prime."""
    while True:
        number = draw.random.getrandbits(bits) | 3 << bits - 2 | 1
        if math.gcd(number, _SMALL) == 1 and pow(2, number - 1, number) == 1 and (number - 1) % _EXPONENT:
            return number


def _locked(key: bytes, iv: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.ciphers.modes import CBC

    fill = 16 - len(data) % 16
    writer = Cipher(AES(key), CBC(iv)).encryptor()
    return writer.update(data + bytes([fill]) * fill) + writer.finalize()


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _mpi(data: bytes) -> bytes:
    number = int.from_bytes(data, "big")
    return number.bit_length().to_bytes(2, "big") + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag, *(size if len(body) < _LONG else [_LONG + len(size), *size])]) + body


def _oid(encoded: str) -> bytes:
    return _der(0x06, bytes.fromhex(encoded))


def _lines(data: bytes, width: int = 64) -> str:
    return "\n".join(textwrap.wrap(base64.b64encode(data).decode(), width))


def _crc24(data: bytes) -> int:
    crc = 0xB704CE
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc & 0xFFFFFF


def bech32(prefix: str, data: bytes) -> str:
    """Return bytes as Bech32 (BIP 173)."""
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[n : n + 5], 2) for n in range(0, len(bits), 5)]
    spread = [ord(each) >> 5 for each in prefix] + [0] + [ord(each) & 31 for each in prefix]
    check = _polymod([*spread, *values, *[0] * 6]) ^ 1
    values += [check >> 5 * (5 - n) & 31 for n in range(6)]
    return f"{prefix}1{''.join(letters[value] for value in values)}"


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for n, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= part if top >> n & 1 else 0
    return check
