"""References in a path: hexadecimal, or what Bee says of a text that is not.

A text that is no hexadecimal is tried as a CID (multibase: the first character names the encoding), then as a name.
"""

from __future__ import annotations

from swarmprov_nb.testing.fake_bee.answer import RefusedRequest, Request, invalid, json_answer
from swarmprov_nb.testing.fake_bee.parameters import Unparsable, to_bytes

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def reference_in(request: Request, name: str = "address") -> bytes:
    """Return the reference in the path; RefusedRequest in Bee's words where there is none."""
    text = request.part(name)
    try:
        return to_bytes(text)
    except Unparsable:
        if "." in text:
            raise _no_names(name, text) from None
    fault = f"1 error occurred:\n\t* failed parsing CID {text} err invalid cid: {_cid_fault(text)}: could not parse\n\n"
    raise invalid("path", [(name, f"invalid name or bzz address: {fault}")])


def _no_names(name: str, text: str) -> RefusedRequest:
    reasons = [{"field": name, "error": f"`{name}={text}`: ENS service is not available"}]
    return RefusedRequest(json_answer({"code": 503, "message": "service unavailable", "reasons": reasons}, 503))


def _cid_fault(text: str) -> str:
    if text[:1] == "0":
        digits = text[1:]
        digits = digits.zfill(-(-len(digits) // 8) * 8)
        groups = [digits[at : at + 8] for at in range(0, len(digits), 8)]
        group = next((group for group in groups if set(group) - {"0", "1"}), "")
        return f'error while conversion: strconv.ParseInt: parsing "{group}": invalid syntax'
    if text[:1] == "z" and not set(text[1:]) - set(_BASE58):
        # one letter of base 58: its value is taken for the version
        value = _BASE58.index(text[1:2] or "1")
        return f"invalid cid: expected 1 as the cid version number, got: {value}"
    return "selected encoding not supported"
