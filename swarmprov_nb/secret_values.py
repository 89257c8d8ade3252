"""Values that no repr, traceback with locals or pickle shows: keys, and the salts of what was hidden.

A crash reporter, ``%xmode Verbose`` or a pickled session takes whatever a frame or an object holds, by its repr or its
state. So what is secret keeps its bytes and shows none of them.
"""

from __future__ import annotations

from typing import Any, NoReturn


class SecretBytes(bytes):
    """Bytes of a key: used like any, never shown, TypeError when pickled or copied.

    >>> key = SecretBytes(b"the key")
    >>> key, f"{key}", key == b"the key"
    (SecretBytes(7 bytes), 'SecretBytes(7 bytes)', True)
    """

    def __repr__(self) -> str:
        return f"SecretBytes({len(self)} bytes)"

    def __str__(self) -> str:
        return repr(self)

    def __reduce_ex__(self, _: Any) -> NoReturn:
        raise TypeError("A key is not pickled: it stays on this machine.")


class Salts(dict[str, str]):
    """The salts of hidden artifacts by entity: used like any dict, never shown, and left out of a pickle.

    >>> salts = Salts({"e1": "00" * 32})
    >>> salts, salts["e1"][:4]
    (Salts(1), '0000')
    """

    def __repr__(self) -> str:
        return f"Salts({len(self)})"

    def __reduce_ex__(self, _: Any) -> tuple[type[Salts], tuple[()]]:
        return (Salts, ())  # a result in a session that is pickled must not keep it from being pickled
