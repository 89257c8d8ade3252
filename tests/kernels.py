"""A real ipykernel, asked cell by cell as a front end does."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager


@dataclass
class Said:
    """What one execution in a kernel answered."""

    stdout: str = ""
    stderr: str = ""
    text: str = ""
    bundle: dict | None = None
    error: str | None = None
    traceback: str = ""
    shown: list[dict] = field(default_factory=list)  # all that is no stream, in order, and what would open in a pager
    status: str = ""  # of the reply: what decides whether the cells after it run


class Kernel:
    """A real ipykernel in a folder, asked cell by cell as a front end does."""

    def __init__(self, folder: Path, home: Path, notebook: Path | None, sockets: Path) -> None:
        self.manager = KernelManager(transport="ipc", ip=str(sockets / "k"))
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="Python", language="python")
        named = {"SWARMPROV_NOTEBOOK": str(notebook)} if notebook else {}
        env = {**os.environ, "SWARMPROV_HOME": str(home), "MPLBACKEND": "Agg", **named}
        self.manager.start_kernel(cwd=str(folder), env=env)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.comms: list[dict] = []  # every comm message that the kernel sent, in order
        self._heard = 0
        self._ended: set[str] = set()

    def run(
        self, source: str, cell_id: str | None = None, *, timeout: float = 60, history: bool = True
    ) -> Said:
        self.start(source, cell_id, history=history)
        return self.finish(timeout=timeout)

    def run_all(self, cells: dict[str, str]) -> None:
        """Run the cells of a notebook, by their ids, one after the other."""
        for cell_id, source in cells.items():
            self.run(source, cell_id)

    def start(self, source: str, cell_id: str | None = None, *, history: bool = True) -> None:
        content = {"code": source, "silent": False, "store_history": history, "allow_stdin": False,
                   "user_expressions": {}, "stop_on_error": False}  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else {})
        self.client.shell_channel.send(message)
        self._sent = message["header"]["msg_id"]

    def finish(self, *, timeout: float = 60) -> Said:
        said = Said()
        while True:
            message = self._iopub(timeout)
            if message["parent_header"].get("msg_id") != self._sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                setattr(said, content["name"], getattr(said, content["name"]) + content["text"])
            elif kind in ("execute_result", "display_data"):
                said.bundle = content["data"]
                said.text += content["data"].get("text/plain", "")
                said.shown.append({"type": kind, **content, "transient": None})
            elif kind in ("update_display_data", "clear_output"):
                said.shown.append({"type": kind, **content, "transient": None})
            elif kind == "error":
                said.error = f"{content['ename']}: {content['evalue']}"
                said.traceback = "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        reply = self._reply(timeout)
        said.status = reply["content"].get("status", "")
        if reply["content"].get("status") == "error" and said.error is None:
            said.error = f"{reply['content']['ename']}: {reply['content']['evalue']}"
        said.shown += reply["content"].get("payload", [])
        return said

    def _reply(self, timeout: float) -> dict:
        while True:  # a kernel that was slow to start answers each time that it was asked whether it is ready
            reply = self.client.get_shell_msg(timeout=timeout)
            if reply["parent_header"].get("msg_id") == self._sent:
                return reply

    def _iopub(self, timeout: float) -> dict:
        message = self.client.get_iopub_msg(timeout=timeout)
        if message["msg_type"].startswith("comm_"):
            self.comms.append(message)
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            self._ended.add(message["parent_header"].get("msg_id"))
        return message

    @property
    def busy(self) -> bool:
        """Whether the cell that was started last has not ended, as far as was heard."""
        return self._sent not in self._ended

    # -- as a panel in a browser tab

    @property
    def comm_id(self) -> str:
        """The comm that the kernel opened for panels."""
        opened = [m for m in self.comms if m["content"].get("target_name") == "swarmprov"]
        return opened[-1]["content"]["comm_id"]

    def tell(
        self, data: dict, *, client: str = "tab", buffers: list | None = None, subshell: str | None = None
    ) -> None:
        """Send what a tab says over the comm; with `subshell` on a thread of its own."""
        content = {"comm_id": self.comm_id, "data": {"client": client, **data}}
        message = self.client.session.msg("comm_msg", content)
        if subshell:
            message["header"]["subshell_id"] = subshell
        message["buffers"] = buffers or []
        self.client.session.send(self.client.shell_channel.socket, message, buffers=buffers)

    def hear(self, kind: str, *, timeout: float = 60, **wanted) -> dict:
        """Return the next comm message of a type, whose state or data holds what is wanted."""
        deadline = time.monotonic() + timeout
        while True:
            while self._heard < len(self.comms):
                data = self.comms[self._heard]["content"].get("data", {})
                self._heard += 1
                flat = {**data, **data.get("state", {})} if isinstance(data.get("state", {}), dict) else data
                if data.get("type") == kind and all(flat.get(key) == value for key, value in wanted.items()):
                    return data
            with suppress(Empty):
                self._iopub(max(0.01, min(1.0, deadline - time.monotonic())))
            if time.monotonic() > deadline:
                raise AssertionError(f"no {kind} {wanted} came; heard {self.traffic[-3000:]}")

    def quiet(self, seconds: float = 0.5) -> None:
        """Take in what the kernel sends within a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(Empty):
                self._iopub(0.05)

    @property
    def traffic(self) -> str:
        """Every byte of JSON that the kernel sent over comms."""
        return "\n".join(json.dumps(message["content"], ensure_ascii=False) for message in self.comms)

    def subshell(self) -> str:
        """Open a subshell, as JupyterLab does for comms."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        return self.client.control_channel.get_msg(timeout=30)["content"]["subshell_id"]

    def complete(self, code: str) -> list[str]:
        self.client.complete(code)
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["msg_type"] == "complete_reply":
                return reply["content"]["matches"]

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
