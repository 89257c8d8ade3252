"""Functions that make functions: what a call runs, and what it only makes and returns."""

from __future__ import annotations

import dis
import functools
import types
from typing import Final

_NOISE: Final = frozenset({"CACHE", "PRECALL", "RESUME", "NOP", "COPY_FREE_VARS", "MAKE_CELL", "PUSH_NULL",
                           "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE"})  # fmt: skip
_LOADS: Final = ("LOAD_FAST", "LOAD_DEREF")


@functools.lru_cache(maxsize=4096)
def returned(code: types.CodeType) -> frozenset[types.CodeType]:
    r"""Return the nested functions that `code` returns without calling them or handing them to anybody.

    >>> code = compile("def make():\n  def inner(): pass\n  return inner", "", "exec").co_consts[0]
    >>> [each.co_name for each in returned(code)]
    ['inner']
    """
    steps = [step for step in dis.get_instructions(code) if step.opname not in _NOISE]
    nested = [at for at, step in enumerate(steps) if isinstance(step.argval, types.CodeType)]
    return frozenset(steps[at].argval for at in nested if _only_returned(code, steps, at))


def _only_returned(code: types.CodeType, steps: list[dis.Instruction], at: int) -> bool:
    after = at + 1
    if steps[after].opname == "CALL" and "wraps" in code.co_names:  # functools.wraps(f)(inner) calls nothing
        after += 1
    store = steps[after]
    if not store.opname.startswith("STORE_"):
        return _returns(steps, after)
    name = store.argval
    others = (part for part in code.co_consts if isinstance(part, types.CodeType) and part is not steps[at].argval)
    if any(name in part.co_freevars for part in others):
        return False
    return all(_returns(steps, place + 1) for place, step in enumerate(steps) if _loads(step, name))


def _loads(step: dis.Instruction, name: str) -> bool:
    names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
    return step.opname.startswith(_LOADS) and name in names


def _returns(steps: list[dis.Instruction], at: int) -> bool:
    """Whether what is on the stack is returned, alone or in a tuple."""
    while at < len(steps) and steps[at].opname.startswith(_LOADS):
        at += 1
    if at < len(steps) and steps[at].opname == "BUILD_TUPLE":
        at += 1
    return at < len(steps) and steps[at].opname == "RETURN_VALUE"
