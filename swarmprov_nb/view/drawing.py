"""What a picture shows before it has places: nodes, and lines along the flow of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RUN: Final = "run"
STEPS: Final = "steps"
ARTIFACTS: Final = "artifacts"


@dataclass(frozen=True)
class Node:
    """One shape: a cell run, an artifact, or several of them folded into one.

    `kind` is ``run``, a kind of artifact, or for folded ones ``steps``, ``artifacts`` or the kind of all of them.
    `mark` is ``failed``, ``gap``, ``focus`` or empty. `stays` says how hard the node resists folding.
    `label` is the full text. `earlier` counts earlier runs of the cell, `members` are the ids folded in.
    `own` is False where the node stands only for its members.
    """

    id: str
    kind: str
    title: str
    subtitle: tuple[str, ...] = ()
    extra: str = ""
    label: str = ""
    mark: str = ""
    stays: int = 0
    cell_id: str | None = None
    execution_count: int | None = None
    earlier: int = 0
    members: tuple[str, ...] = ()
    own: bool = True

    @property
    def is_box(self) -> bool:
        """Whether it is drawn as a rounded box (cell runs) rather than a pill (artifacts)."""
        return self.kind in (RUN, STEPS)

    @property
    def is_stack(self) -> bool:
        """Whether it stands for more than one thing."""
        return bool(self.members or self.earlier)


@dataclass(frozen=True)
class Line:
    """One flow between two nodes (by id), with the names that flow; `confidence` is the highest among them."""

    source: str
    target: str
    names: tuple[str, ...]
    kind: str
    confidence: str

    @property
    def seen(self) -> bool:
        """Whether it was observed, not assumed."""
        return self.confidence != "assumed"


@dataclass(frozen=True)
class Drawing:
    """Nodes in the order of the record, the lines among them, and how many things the record holds."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    total: int

    @property
    def shown(self) -> int:
        """How many cell runs and artifacts have a shape of their own."""
        return sum(node.own for node in self.nodes)
