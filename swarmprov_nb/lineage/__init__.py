"""What happened, as plain values: the vocabulary, the SQLite record, and questions about the graph."""

from __future__ import annotations

from swarmprov_nb.lineage.record import Record
from swarmprov_nb.lineage.vocabulary import Artifact, CellRun, Declaration, Edge, Lineage, Parent, Session, Stored, Use

__all__ = ["Artifact", "CellRun", "Declaration", "Edge", "Lineage", "Parent", "Record", "Session", "Stored", "Use"]
