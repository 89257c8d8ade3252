"""A FakeBee as a process of its own, until it is stopped."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from swarmprov_nb.testing.fake_bee.fake import FakeBee
from swarmprov_nb.testing.fake_bee.version import VERSIONS


def main() -> None:
    """Start, say on a line where, and serve."""
    command = argparse.ArgumentParser(prog="python -m swarmprov_nb.testing.fake_bee", description=__doc__)
    command.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; a free one by default")
    command.add_argument("--folder", type=Path, help="folder of the state, which then survives a restart")
    command.add_argument("--batch-file", type=Path, help="file to write the batch's id to, once the node listens")
    command.add_argument("--version", choices=VERSIONS, default="2.8.1", help="which Bee it behaves as")
    command.add_argument("--depth", type=int, action="append", help="depth of a batch that exists from the start")
    command.add_argument("--block-seconds", type=float, help="seconds until the next block; none pass by default")
    command.add_argument("--pace", type=float, default=0.0, help="seconds that a chunk takes on the node")
    options = command.parse_args()
    bee = FakeBee(
        version=options.version,
        folder=options.folder,
        port=options.port,
        batches=options.depth or (22,),
        block_seconds=options.block_seconds,
        pace=options.pace,
    )
    with bee:
        sys.stdout.write(f"{bee.url} {bee.batch}\n")
        sys.stdout.flush()
        if options.batch_file:
            options.batch_file.write_text(bee.batch, encoding="ascii")
        threading.Event().wait()


if __name__ == "__main__":
    main()
