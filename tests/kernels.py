"""A real ipykernel, asked cell by cell as a front end does."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

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

    def run(self, source: str, cell_id: str | None = None, *, timeout: float = 60) -> Said:
        self.start(source, cell_id)
        return self.finish(timeout=timeout)

    def start(self, source: str, cell_id: str | None = None) -> None:
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False,
                   "user_expressions": {}, "stop_on_error": False}  # fmt: skip
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else {})
        self.client.shell_channel.send(message)
        self._sent = message["header"]["msg_id"]

    def finish(self, *, timeout: float = 60) -> Said:
        said = Said()
        while True:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != self._sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "stream":
                setattr(said, content["name"], getattr(said, content["name"]) + content["text"])
            elif kind in ("execute_result", "display_data"):
                said.bundle = content["data"]
                said.text += content["data"].get("text/plain", "")
            elif kind == "error":
                said.error = f"{content['ename']}: {content['evalue']}"
                said.traceback = "\n".join(content["traceback"])
            elif kind == "status" and content["execution_state"] == "idle":
                break
        reply = self.client.get_shell_msg(timeout=timeout)
        if reply["content"].get("status") == "error" and said.error is None:
            said.error = f"{reply['content']['ename']}: {reply['content']['evalue']}"
        return said

    def complete(self, code: str) -> list[str]:
        self.client.complete(code)
        while True:
            reply = self.client.get_shell_msg(timeout=30)
            if reply["msg_type"] == "complete_reply":
                return reply["content"]["matches"]

    def stop(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
