"""Kills of the uploading process, at any moment: the next one goes on, and no chunk goes up twice."""

from __future__ import annotations

import random
import secrets
import signal
import subprocess
import sys
import time

import pytest
from bees import QUICK
from killing import OFTEN

from swarmprov_nb.swarm import UploadPlan, read_file, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage
from swarmprov_nb.testing import FakeBee

PROGRAM = """
import sys
from pathlib import Path
from swarmprov_nb.swarm import UploadPlan, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, Patience

url, batch, file, journal = sys.argv[1:]
patience = Patience(answer=20, counted=5, push=20, confirm=20, pause=0.05)
storage = BeeStorage(BeeNode.at(url, patience=patience), batch=batch, journal=Path(journal))
with open(file, "rb") as stream:
    root = split(stream)
    stream.seek(0)
    upload = storage.upload(root, UploadPlan("kill"))
    split(stream, upload)
    print(upload.finish().new_chunks, flush=True)
"""


@pytest.mark.parametrize("way", ["stream", "posts"])
@pytest.mark.parametrize("times", [3, OFTEN])
def test_killed_uploads_send_each_chunk_once(tmp_path, way, times):
    """SIGKILL so many times in the middle, by stream or by POST: in the end all is there, each chunk received once."""
    chunks = 700 * times // 3
    file = tmp_path / "data"
    file.write_bytes(secrets.token_bytes(4096 * chunks - 5))
    with FakeBee(pace=0.0005) as fake:
        fake.faults.no_stream = way == "posts"
        killed = 0
        for received in range(80, 80 + 170 * times, 170):
            process = start(fake, file, tmp_path)
            while sum(fake.received.values()) < received + random.randrange(60) and process.poll() is None:
                time.sleep(0.005)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            process.stdout.close()
        process = start(fake, file, tmp_path)
        said, _ = process.communicate(timeout=240)
        root = split(file.read_bytes())
        storage = BeeStorage(BeeNode.at(fake.url, patience=QUICK))

        assert process.returncode == 0
        assert killed == times
        assert 0 < int(said) < chunks
        assert set(fake.received.values()) == {1}
        assert root in fake.pushed
        assert b"".join(read_file(storage, root)) == file.read_bytes()


def start(fake: FakeBee, file, folder) -> subprocess.Popen[str]:
    arguments = [fake.url, fake.batch, str(file), str(folder / "journal")]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)


def test_a_kill_and_a_restart_of_the_node_together_lose_nothing(tmp_path):
    """The process is killed with a stream open and the node dies as well: what it forgot is sent again."""
    data = secrets.token_bytes(4096 * 500)
    file = tmp_path / "data"
    file.write_bytes(data)
    with FakeBee(pace=0.0005) as fake:
        process = start(fake, file, tmp_path)
        while sum(fake.received.values()) < 200 and process.poll() is None:
            time.sleep(0.005)
        fake.restart()
        process.kill()
        process.wait()
        process.stdout.close()
        storage = BeeStorage(BeeNode.at(fake.url, patience=QUICK), batch=fake.batch, journal=tmp_path / "journal")
        upload = storage.upload(split(data), UploadPlan("kill"))
        split(data, upload)
        upload.finish()

        assert b"".join(read_file(storage, split(data))) == data
        assert split(data) in fake.pushed


def test_a_kill_while_the_node_pushes_is_resumed_without_sending(tmp_path):
    """Killed after everything was sent, the next run waits for the push and sends nothing."""
    data = secrets.token_bytes(4096 * 50)
    file = tmp_path / "data"
    file.write_bytes(data)
    with FakeBee() as fake:
        fake.faults.push_held = True
        process = start(fake, file, tmp_path)
        while not any(path.startswith("/tags/") for _, path in fake.requests[-3:]) or len(fake.received) < 51:
            time.sleep(0.01)
        process.kill()
        process.wait()
        process.stdout.close()
        fake.faults.push_held = False
        process = start(fake, file, tmp_path)
        said, _ = process.communicate(timeout=60)

        assert said.strip() == "0"
        assert set(fake.received.values()) == {1}
        assert split(data) in fake.pushed
