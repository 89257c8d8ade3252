"""A widget that a job tells what to show: it holds the job's state, and hands on what a front end says."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, ClassVar, Protocol

import anywidget
import traitlets


class Job(Protocol):
    """What tells a widget: a state of plain JSON values, and who hears of the next one."""

    @property
    def state(self) -> dict[str, Any]:
        """What there is to show now."""

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Have each new state told to `listener`; returns what ends that."""


class ToldWidget(anywidget.AnyWidget):
    """A widget whose `state` is the job's, in step with every other widget and panel that the job tells.

    Front ends set nothing: they send messages, which the job takes or refuses.
    """

    state = traitlets.Dict().tag(sync=True)
    _name: ClassVar[str] = "ToldWidget"

    def __init__(self, job: Job) -> None:
        self._job = job
        self._telling = threading.Lock()
        self._forget: Callable[[], object] = lambda: None
        super().__init__(state=job.state)
        self._forget = job.listen(lambda _: self._tell())
        self._tell()  # what was told since
        self.on_msg(lambda _, message, buffers: self._hear(message, buffers))
        if self.comm is not None:
            self.comm.on_close(lambda _: self.close())  # a front end took the model away

    def _tell(self) -> None:
        with self._telling:  # states come on several threads; the newest is shown last
            self.state = self._job.state

    def _hear(self, message: Any, buffers: Sequence[Any]) -> None:
        if isinstance(message, Mapping):
            self._handle(message, buffers)

    @abstractmethod
    def _handle(self, message: Mapping[str, Any], buffers: Sequence[Any]) -> None:
        """Take what a front end says."""

    def set_state(self, sync_data: Mapping[str, Any]) -> None:
        """Take no state of a front end's making."""

    def close(self) -> None:
        """Free the comm and hear no more of the job."""
        self._forget()
        super().close()

    @property
    @abstractmethod
    def said(self) -> str:
        """What there is to read where no kernel runs."""

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        drawn, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        lines = "<br>".join(escape(line) for line in self.said.splitlines())
        return {**drawn, "text/plain": self.said, "text/html": f"<p>{lines}</p>"}, metadata

    def __repr__(self) -> str:
        return f"{self._name}({self.state.get('phase', '')})"
