"""Static reads: which names a cell uses before it surely assigns them, by one pass over its syntax tree.

Branches intersect, loops assign nothing for sure, bodies of functions are left to `closures`; a read that follows
an assignment which may not have run is `maybe`: whoever sees the run's outcome decides it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from swarmprov_nb.capture.magic_text import Magic, magic_of
from swarmprov_nb.capture.texts import names_filled_in, names_in_arguments

_DYNAMIC: Final = frozenset({"exec", "eval", "globals", "locals", "vars", "get_ipython"})
_LOOKING: Final = frozenset({"bool", "hasattr", "id", "isinstance", "issubclass", "len", "print", "repr", "type"})
_EDITING: Final = frozenset({"add", "append", "appendleft", "clear", "discard", "extend", "fit", "fit_predict",
                             "fit_transform", "insert", "partial_fit", "remove", "reverse", "set_params", "setdefault",
                             "sort", "update"})  # fmt: skip
_LEAVES: Final = (ast.Raise, ast.Return, ast.Break, ast.Continue)

_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
Assigned = frozenset[str] | None  # None: this point is not reached


@dataclass
class Names:
    """What the text of a cell says about names.

    `reads` maps each upward-exposed name to the line of the top-level statement that reads it; `maybe` are those of
    them that the cell may have assigned before. `loads` maps every loaded name to what is surely assigned at all of
    its loads. A run to the end has bound the names in `sure`, stored into those in `changed` (``x[0] = 1``) and called
    a method of those in `edited` that is known to change things;
    `texts` are names read in formulas and queries, `guesses` names that only text suggests.
    """

    reads: dict[str, int] = field(default_factory=dict)
    maybe: set[str] = field(default_factory=set)
    loads: dict[str, frozenset[str]] = field(default_factory=dict)
    stores: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    changed: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    guesses: set[str] = field(default_factory=set)
    magics: list[Magic] = field(default_factory=list)
    sure: frozenset[str] = frozenset()
    dynamic: bool = False
    star: bool = False


def names_of(tree: ast.Module, parse: Callable[[str], ast.Module] = ast.parse) -> Names:
    r"""Return what the cell reads and stores; `parse` turns the text inside magics into a tree.

    >>> names = names_of(ast.parse("y = x + 1\nz = y"))
    >>> sorted(names.reads), sorted(names.stores)
    (['x'], ['y', 'z'])
    """
    walker = _Walker(parse)
    assigned: Assigned = frozenset()
    for statement in tree.body:
        walker.line = statement.lineno
        assigned = walker.statement(statement, assigned)
    walker.names.imports -= walker.assigned
    walker.names.sure = (assigned or frozenset()) & walker.names.stores
    return walker.names


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _root(node: ast.expr) -> set[str]:
    """Return the name at the left end of ``name.attribute[item]…``."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _handed_over(argument: ast.expr) -> set[str]:
    """Return the names whose values, not only something got from them, become an argument."""
    if isinstance(argument, ast.Name):
        return {argument.id}
    if isinstance(argument, ast.Starred | ast.keyword):
        return _handed_over(argument.value)
    inner = argument.elts if isinstance(argument, ast.Tuple | ast.List | ast.Set) else []
    inner = argument.values if isinstance(argument, ast.Dict) else inner
    return {name for each in inner for name in _handed_over(each)}


def _join(*ends: Assigned) -> Assigned:
    reached = [end for end in ends if end is not None]
    return frozenset.intersection(*reached) if reached else None


class _Walker:
    def __init__(self, parse: Callable[[str], ast.Module]) -> None:
        self.names = Names()
        self.line = 0
        self._parse = parse
        self._local: frozenset[str] = frozenset()  # parameters and comprehension variables
        self._calls = 0
        self._in_class = False
        self._depth = 0  # of statements that may not run
        self.assigned: set[str] = set()  # other than by an import

    # -- names ---------------------------------------------------------------------------------------------------

    def load(self, name: str, assigned: Assigned) -> None:
        if name in self._local or assigned is None:
            return
        names = self.names
        names.dynamic |= name in _DYNAMIC and name not in assigned
        names.loads[name] = names.loads.get(name, assigned) & assigned
        if name in assigned:
            return
        if name not in names.reads:
            names.reads[name] = self.line
            if name in names.stores or names.star:
                names.maybe.add(name)

    def store(self, name: str, assigned: Assigned, *, imported: bool = False) -> Assigned:
        if not self._in_class:
            self.names.stores.add(name)
            (self.names.imports if imported else self.assigned).add(name)
        return None if assigned is None else assigned | {name}

    # -- statements ----------------------------------------------------------------------------------------------

    def block(self, body: Iterable[ast.stmt], assigned: Assigned) -> Assigned:
        self._depth += 1
        for statement in body:
            assigned = self.statement(statement, assigned)
        self._depth -= 1
        return assigned

    def statement(self, node: ast.stmt, assigned: Assigned) -> Assigned:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            return method(node, assigned)
        for child in ast.iter_child_nodes(node):
            assigned = self.expression(child, assigned)
        return None if isinstance(node, _LEAVES) else assigned

    def _assign(self, node: ast.Assign, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.value, assigned)
        for target in node.targets:
            assigned = self.target(target, assigned)
        return assigned

    def _annassign(self, node: ast.AnnAssign, assigned: Assigned) -> Assigned:
        self.expression(node.annotation, assigned)
        if node.value is None:
            return assigned
        return self.target(node.target, self.expression(node.value, assigned))

    def _augassign(self, node: ast.AugAssign, assigned: Assigned) -> Assigned:
        if isinstance(node.target, ast.Name):
            self.load(node.target.id, assigned)
        return self.target(node.target, self.expression(node.value, assigned))

    def _delete(self, node: ast.Delete, assigned: Assigned) -> Assigned:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.load(target.id, assigned)
                assigned = None if assigned is None else assigned | {target.id}
            else:
                assigned = self.target(target, assigned)
        return assigned

    def _functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef, assigned: Assigned) -> Assigned:
        arguments = node.args
        annotated = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        annotations = [node.returns, *(argument.annotation for argument in annotated)]
        for part in [*node.decorator_list, *arguments.defaults, *arguments.kw_defaults, *annotations]:
            self.expression(part, assigned)
        return self.store(node.name, assigned)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, assigned: Assigned) -> Assigned:
        for part in [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]:
            self.expression(part, assigned)
        outer, self._in_class = self._in_class, True
        self.block(node.body, assigned)
        self._in_class = outer
        return self.store(node.name, assigned)

    def _import(self, node: ast.Import | ast.ImportFrom, assigned: Assigned) -> Assigned:
        for alias in node.names:
            if alias.name == "*":
                self.names.star = True
                continue
            name = alias.asname or (alias.name.split(".")[0] if isinstance(node, ast.Import) else alias.name)
            assigned = self.store(name, assigned, imported=True)
        return assigned

    _importfrom = _import

    def _if(self, node: ast.If, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.test, assigned)
        return _join(self.block(node.body, assigned), self.block(node.orelse, assigned))

    def _for(self, node: ast.For | ast.AsyncFor, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.iter, assigned)
        self.block(node.body, self.target(node.target, assigned))
        self.block(node.orelse, assigned)
        return assigned

    _asyncfor = _for

    def _while(self, node: ast.While, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.test, assigned)
        self.block(node.body, assigned)
        self.block(node.orelse, assigned)
        return assigned

    def _with(self, node: ast.With | ast.AsyncWith, assigned: Assigned) -> Assigned:
        for item in node.items:
            assigned = self.expression(item.context_expr, assigned)
            if item.optional_vars is not None:
                assigned = self.target(item.optional_vars, assigned)
        for statement in node.body:
            assigned = self.statement(statement, assigned)
        return assigned

    _asyncwith = _with

    def _try(self, node: ast.Try, assigned: Assigned) -> Assigned:
        ends = [self.block(node.orelse, self.block(node.body, assigned))]
        for handler in node.handlers:
            self.expression(handler.type, assigned)
            entry = self.store(handler.name, assigned) if handler.name else assigned
            ends.append(self.block(handler.body, entry))
        final = self.block(node.finalbody, assigned)
        joined = _join(*ends)
        return None if joined is None or final is None else joined | final

    _trystar = _try

    def _match(self, node: ast.Match, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.subject, assigned)
        ends: list[Assigned] = [assigned]
        for case in node.cases:
            entry = assigned
            for part in ast.walk(case.pattern):
                name = getattr(part, "name", None) or getattr(part, "rest", None)
                if isinstance(name, str):
                    entry = self.store(name, entry)
                if isinstance(part, ast.MatchClass):
                    self.expression(part.cls, assigned)
                elif isinstance(part, ast.MatchValue):
                    self.expression(part.value, assigned)
            entry = self.expression(case.guard, entry)
            ends.append(self.block(case.body, entry))
            if case.guard is None and getattr(case.pattern, "pattern", case.pattern) is None:
                ends[0] = None  # `case _`: some case matches
        return _join(*ends)

    def _global(self, _node: ast.Global, assigned: Assigned) -> Assigned:
        return assigned

    # -- targets and expressions ---------------------------------------------------------------------------------

    def target(self, node: ast.expr, assigned: Assigned) -> Assigned:
        if isinstance(node, ast.Name):
            return self.store(node.id, assigned)
        if isinstance(node, ast.Tuple | ast.List):
            for element in node.elts:
                assigned = self.target(element, assigned)
            return assigned
        if isinstance(node, ast.Starred):
            return self.target(node.value, assigned)
        if not self._depth:
            self.names.changed |= _root(node)
        return self.expression(node, assigned)

    def expression(self, node: ast.AST | None, assigned: Assigned) -> Assigned:
        if node is None:
            return assigned
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is not None:
            return method(node, assigned)
        for child in ast.iter_child_nodes(node):
            assigned = self.expression(child, assigned)
        return assigned

    def _name(self, node: ast.Name, assigned: Assigned) -> Assigned:
        self.load(node.id, assigned)
        return assigned

    def _attribute(self, node: ast.Attribute, assigned: Assigned) -> Assigned:
        self.names.attributes.add(node.attr)
        return self.expression(node.value, assigned)

    def _namedexpr(self, node: ast.NamedExpr, assigned: Assigned) -> Assigned:
        return self.target(node.target, self.expression(node.value, assigned))

    def _ifexp(self, node: ast.IfExp, assigned: Assigned) -> Assigned:
        assigned = self.expression(node.test, assigned)
        return _join(self.expression(node.body, assigned), self.expression(node.orelse, assigned))

    def _boolop(self, node: ast.BoolOp, assigned: Assigned) -> Assigned:
        first = inner = self.expression(node.values[0], assigned)
        for value in node.values[1:]:
            inner = self.expression(value, inner)
        return first

    def _call(self, node: ast.Call, assigned: Assigned) -> Assigned:
        magic = magic_of(node)
        if magic is not None:
            return self._magic(magic, assigned)
        assigned = self.expression(node.func, assigned)
        texts = names_in_arguments(node)
        self.names.texts.update(texts)
        for name in [*texts, *names_filled_in(node)]:
            self.load(name, assigned)
        self._in_place(node)
        looking = isinstance(node.func, ast.Name) and node.func.id in _LOOKING
        self._calls += 1
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
            self.names.passed |= set() if looking else _handed_over(argument)
            assigned = self.expression(argument, assigned)
        self._calls -= 1
        return assigned

    def _in_place(self, node: ast.Call) -> None:
        """Note ``frame.dropna(inplace=True)``, and methods that change what they are called on."""
        if self._depth or not isinstance(node.func, ast.Attribute):
            return
        if any(keyword.arg == "inplace" and _is_true(keyword.value) for keyword in node.keywords):
            self.names.changed |= {node.func.value.id} if isinstance(node.func.value, ast.Name) else set()
        elif node.func.attr in _EDITING:
            self.names.edited |= _root(node.func.value)

    def _magic(self, magic: Magic, assigned: Assigned) -> Assigned:
        self.names.magics.append(magic)
        known = magic.shell or magic.inert
        for name in magic.reads():
            self.load(name, assigned)
            if not known:
                self.names.guesses.add(name)
        code = magic.code()
        if code is not None:
            stores = set(self.names.stores)
            inner = self.block(self._parse(code).body, assigned)
            if magic.name == "timeit":
                self.names.stores = stores
            else:
                assigned = inner
        for name in magic.stores():
            assigned = self.store(name, assigned)
        return assigned

    def _binop(self, node: ast.BinOp, assigned: Assigned) -> Assigned:
        for name in names_filled_in(node):
            self.load(name, assigned)
        return self.expression(node.right, self.expression(node.left, assigned))

    def _lambda(self, node: ast.Lambda, assigned: Assigned) -> Assigned:
        arguments = node.args
        for default in [*arguments.defaults, *arguments.kw_defaults]:
            self.expression(default, assigned)
        if self._calls:  # a lambda that is passed on is taken as called; one that is kept is left to the closures
            bound = {part.arg for part in ast.walk(arguments) if isinstance(part, ast.arg)}
            self._within(bound, [node.body], assigned)
        return assigned

    def _listcomp(self, node: _Comprehension, assigned: Assigned) -> Assigned:
        first = node.generators[0]
        assigned = self.expression(first.iter, assigned)
        if isinstance(node, ast.GeneratorExp) and not self._calls:
            return assigned  # not started yet: its code object is read when it is consumed
        bound = {part.id for each in node.generators for part in ast.walk(each.target) if isinstance(part, ast.Name)}
        inner: list[ast.expr] = [*first.ifs]
        for each in node.generators[1:]:
            inner += [each.iter, *each.ifs]
        inner += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._within(bound, inner, assigned)
        return assigned

    _setcomp = _dictcomp = _generatorexp = _listcomp

    def _within(self, bound: set[str], parts: list[ast.expr], assigned: Assigned) -> None:
        outer, self._local = self._local, self._local | bound
        for part in parts:
            self.expression(part, assigned)
        self._local = outer
