"""What is claimed, and how it is signed: the manifest, its envelope, seals, and what may leave the machine."""

from __future__ import annotations
