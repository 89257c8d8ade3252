"""The launch links of a README: its definitions ``[binder]: …`` and ``[binder-…]: …``, which lead to one repository."""

from __future__ import annotations

import re
from typing import Final

README: Final = "README.md"
_DEFINITION: Final = re.compile(r"^\[binder\]: .*$", re.MULTILINE)
_FURTHER: Final = re.compile(r"^(\[binder-[\w-]+\]: )\S+/v2/gh/[^/\s]+/[^/\s]+/[^/\s?]+(?=\?|\s*$)", re.MULTILINE)
_REPOSITORY: Final = re.compile(r"^(\[binder(?:-[\w-]+)?\]: \S+?/v2/gh/)[^/\s]+/[^/\s]+(?=/)", re.MULTILINE)


def relinked(readme: str, link: str) -> str:
    """Return a README whose definition ``[binder]`` is this link, and whose ``[binder-…]`` are of its repository.

    >>> print(relinked("[binder]: x", "https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab"))
    [binder]: https://mybinder.org/v2/gh/a/b/HEAD?urlpath=lab
    """
    start = link.partition("?")[0]
    return _FURTHER.sub(lambda found: found[1] + start, _DEFINITION.sub(lambda _: f"[binder]: {link}", readme))


def renamed(readme: str, repository: str) -> tuple[str, int]:
    """Return a README all of whose launch links lead to OWNER/NAME, and how many there are; the rest of each stays.

    >>> renamed("[binder-docs]: https://mybinder.org/v2/gh/a/b/v1?urlpath=lab", "alice/penguins")
    ('[binder-docs]: https://mybinder.org/v2/gh/alice/penguins/v1?urlpath=lab', 1)
    """
    return _REPOSITORY.subn(lambda found: found[1] + repository, readme)
