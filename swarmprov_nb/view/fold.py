"""Folding: fewer nodes, no cycle, and every fold says how much it holds.

Two nodes are merged only where that cannot make a cycle: one is the other's only neighbour on that side, or both have
the same predecessors, or the same successors (a path between such two would be a cycle already). Any graph can be
folded down to one node in this way. What says least is folded first, early before late. Where that would take minutes,
the rest is folded by its place in the order alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import replace
from heapq import heapify, heappop, heappush

from swarmprov_nb.lineage.graph import CERTAINTY
from swarmprov_nb.view.captions import plural
from swarmprov_nb.view.drawing import ARTIFACTS, RUN, STEPS, Drawing, Line, Node
from swarmprov_nb.view.labels import clean

_MOST_LOOKS = 2_000_000  # at a node: a lineage of thousands of runs would be looked through thousands of times
_SIZES = (4, 12, 40)  # several small folds say more than one that holds nearly all


def folded(drawing: Drawing, limit: int) -> Drawing:
    """Return the drawing with at most `limit` nodes.

    >>> from swarmprov_nb.testing import example_lineage
    >>> from swarmprov_nb.view.sketch import sketched
    >>> study = example_lineage()
    >>> small = folded(sketched(study, study), 9)
    >>> len(small.nodes), small.shown, small.total
    (9, 9, 14)
    """
    if len(drawing.nodes) <= limit:
        return drawing
    folding = _Folding(drawing, limit)
    for bar in sorted(set(folding.stays)):
        for largest in (*_SIZES, len(drawing.nodes)):
            folding.fold(bar, largest)
    folding.cut()
    return folding.result()


class _Folding:
    """The graph while it is being folded: `into` maps folded positions on, `parts` what each holds."""

    def __init__(self, drawing: Drawing, limit: int) -> None:
        self.drawing = drawing
        self.limit = max(limit, 1)
        place = {node.id: index for index, node in enumerate(drawing.nodes)}
        self.before: dict[int, set[int]] = {index: set() for index in place.values()}
        self.after: dict[int, set[int]] = {index: set() for index in place.values()}
        for line in drawing.lines:
            self.before[place[line.target]].add(place[line.source])
            self.after[place[line.source]].add(place[line.target])
        self.parts = {index: [index] for index in place.values()}
        self._frozen: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
        self._looks = 0
        recent = len(drawing.nodes) - self.limit // 2
        self.stays = [
            max(node.stays, int(index >= recent and node.kind == RUN)) for index, node in enumerate(drawing.nodes)
        ]
        self.place = place

    def fold(self, bar: int, largest: int) -> None:
        """Merge nodes that resist no more than `bar` into folds of at most `largest`, until few enough are left."""
        passes = (self._absorbed, self._twins, self._chains, self._siblings)
        progress = True
        while progress and len(self.parts) > self.limit and self._looks < _MOST_LOOKS:
            progress = any(self._merged(step, bar, largest) for step in passes)

    def _merged(self, pairs: Callable[[int], Iterator[tuple[int, int]]], bar: int, largest: int) -> bool:
        size = len(self.parts)
        for left, right in pairs(bar):
            if len(self.parts[left]) + len(self.parts[right]) <= largest:
                self._merge(left, right)
            if len(self.parts) <= self.limit:
                break
        return len(self.parts) < size

    def cut(self) -> None:
        """Fold what is left by its place in the order alone, where looking for better would take for ever."""
        if len(self.parts) <= self.limit:
            return
        order = self._in_order()
        size = -(-len(order) // self.limit)
        for start in range(0, len(order), size):
            kept = order[start]
            for other in order[start + 1 : start + size]:  # next to each other in the order, two make no cycle
                self._merge(kept, other)
                kept = kept if kept in self.parts else other

    def _in_order(self) -> list[int]:
        """Return what is left so that each stands after what leads to it, early before late."""
        waiting = {index: len(self.before[index]) for index in self.parts}
        ready = [index for index, count in waiting.items() if count == 0]
        heapify(ready)
        order = []
        while ready:
            order.append(heappop(ready))
            for later in self.after[order[-1]]:
                waiting[later] -= 1
                if waiting[later] == 0:
                    heappush(ready, later)
        return order

    def _open(self, bar: int) -> list[int]:
        self._looks += len(self.parts)
        return [index for index in self.parts if self.stays[index] <= bar]

    def _absorbed(self, bar: int) -> Iterator[tuple[int, int]]:
        """An artifact that nobody asked for goes into the run that made it, however much that run resists."""
        for index in self._open(bar):
            if index in self.parts and self.drawing.nodes[index].kind != RUN and len(self.before[index]) == 1:
                (maker,) = self.before[index]
                if self.drawing.nodes[maker].kind == RUN:
                    yield maker, index

    def _chains(self, bar: int) -> Iterator[tuple[int, int]]:
        for index in self._open(bar):
            for near in (self.before, self.after):
                if index in self.parts and len(near[index]) == 1:
                    (neighbour,) = near[index]
                    if self.stays[neighbour] <= bar:
                        yield index, neighbour

    def _twins(self, bar: int) -> Iterator[tuple[int, int]]:
        def alike(index: int) -> Hashable:
            return self.drawing.nodes[index].kind, *self._around(index)

        yield from self._alike(bar, alike)

    def _siblings(self, bar: int) -> Iterator[tuple[int, int]]:
        size = len(self.parts)
        yield from self._alike(bar, lambda index: self._around(index)[0])
        if len(self.parts) == size:
            yield from self._alike(bar, lambda index: self._around(index)[1])

    def _around(self, index: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return what leads to a node and what it leads to; worked out once until one of them changes."""
        if index not in self._frozen:
            self._frozen[index] = frozenset(self.before[index]), frozenset(self.after[index])
        return self._frozen[index]

    def _alike(self, bar: int, key: Callable[[int], Hashable]) -> Iterator[tuple[int, int]]:
        groups: dict[Hashable, list[int]] = defaultdict(list)
        for index in self._open(bar):
            groups[key(index)].append(index)
        for group in groups.values():
            kept = group[0]
            for other in group[1:]:
                if kept in self.parts and other in self.parts and key(kept) == key(other):
                    yield kept, other
                    kept = kept if kept in self.parts else other

    def _merge(self, left: int, right: int) -> None:
        for index in {left, right} | self.before[left] | self.after[left] | self.before[right] | self.after[right]:
            self._frozen.pop(index, None)
        size = {index: len(self.before[index]) + len(self.after[index]) for index in (left, right)}
        keep, gone = (left, right) if size[left] >= size[right] else (right, left)
        for near, far in ((self.before, self.after), (self.after, self.before)):
            for neighbour in near.pop(gone):
                far[neighbour].discard(gone)
                if neighbour != keep:
                    far[neighbour].add(keep)
                    near[keep].add(neighbour)
        self.before[keep].discard(gone)
        self.after[keep].discard(gone)
        self.parts[keep] += self.parts.pop(gone)
        self.stays[keep] = max(self.stays[keep], self.stays[gone])

    def result(self) -> Drawing:
        """Return the drawing of what is left."""
        groups = sorted((sorted(parts) for parts in self.parts.values()), key=lambda parts: parts[-1])
        nodes = [_node([self.drawing.nodes[index] for index in parts]) for parts in groups]
        home = {
            self.drawing.nodes[index].id: node.id for parts, node in zip(groups, nodes, strict=True) for index in parts
        }
        lines: dict[tuple[str, str], Line] = {}
        for line in self.drawing.lines:
            ends = home[line.source], home[line.target]
            if ends[0] != ends[1]:
                lines[ends] = _both(lines.get(ends), replace(line, source=ends[0], target=ends[1]))
        return Drawing(tuple(nodes), tuple(lines.values()), self.drawing.total)


def _both(known: Line | None, more: Line) -> Line:
    if known is None:
        return more
    names = tuple(dict.fromkeys((*known.names, *more.names)))
    return replace(known, names=names, confidence=max(known.confidence, more.confidence, key=CERTAINTY.__getitem__))


def _node(parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    runs = [node for node in parts if node.kind == RUN]
    return _step(runs[0], parts) if len(runs) == 1 else _fold(runs, parts)


def _step(run: Node, parts: list[Node]) -> Node:
    """A cell run keeps its shape with its artifacts folded into it."""
    others = [node for node in parts if node is not run]
    more = f"+{plural(len(others), 'artifact')}"
    return replace(
        run,
        extra=f"{run.extra} · {more}" if run.extra else more,
        label=clean(f"{run.label}, {more}: {', '.join(node.title for node in others)}"),
        members=tuple(node.id for node in others),
    )


def _fold(runs: list[Node], parts: list[Node]) -> Node:
    kinds = {node.kind for node in parts}
    kind = STEPS if runs else kinds.pop() if len(kinds) == 1 else ARTIFACTS
    noun = "step" if runs else "artifact" if kind == ARTIFACTS else kind
    count = len(runs) or len(parts)
    titles = ", ".join(dict.fromkeys(node.title for node in runs or parts))
    extra = f"with {plural(len(parts) - count, 'artifact')}" if len(parts) > count else ""
    marks = {node.mark for node in parts}
    return Node(
        id=f"folded:{parts[0].id}",
        kind=kind,
        title=plural(count, f"more {noun}"),
        subtitle=(clean(titles, limit=120),),
        extra=extra,
        label=clean(f"{plural(count, noun)} {extra}: {titles}"),
        mark="failed" if "failed" in marks else "gap" if "gap" in marks else "",
        members=tuple(node.id for node in parts),
        own=False,
    )
