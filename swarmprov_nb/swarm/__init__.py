"""Where bytes live: Swarm chunks, file trees, collections, and the store on the user's own machine."""

from __future__ import annotations

from swarmprov_nb.swarm.bmt import CHUNK_SIZE, chunk_address, hash_chunks
from swarmprov_nb.swarm.chunk import Chunk, ChunkBatch, verify_chunks
from swarmprov_nb.swarm.collection import Collection, Entry, collection_addresses, read_collection, write_collection
from swarmprov_nb.swarm.file_tree import chunk_addresses, file_size, read_file, reference_of, split
from swarmprov_nb.swarm.keccak import keccak256
from swarmprov_nb.swarm.memory import MemoryStorage
from swarmprov_nb.swarm.packs import PackStore
from swarmprov_nb.swarm.reference import Reference
from swarmprov_nb.swarm.remote import is_remote, open_remote
from swarmprov_nb.swarm.saved import SavedFile, load, save
from swarmprov_nb.swarm.storage import Status, Storage, Stored, Upload, UploadPlan

__all__ = [
    "CHUNK_SIZE",
    "Chunk",
    "ChunkBatch",
    "Collection",
    "Entry",
    "MemoryStorage",
    "PackStore",
    "Reference",
    "SavedFile",
    "Status",
    "Storage",
    "Stored",
    "Upload",
    "UploadPlan",
    "chunk_address",
    "chunk_addresses",
    "collection_addresses",
    "file_size",
    "hash_chunks",
    "is_remote",
    "keccak256",
    "load",
    "open_remote",
    "read_collection",
    "read_file",
    "reference_of",
    "save",
    "split",
    "verify_chunks",
    "write_collection",
]
