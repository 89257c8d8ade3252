"""The catalogue of a session: the newest artifact under each name, and the files that cell runs read and wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from swarmprov_nb.artifacts import family_of
from swarmprov_nb.artifacts.files import kind_of
from swarmprov_nb.capture import FileAccess, Observation
from swarmprov_nb.config import Settings
from swarmprov_nb.declarations import Declared
from swarmprov_nb.errors import ArtifactError, SwarmprovError, UsageError
from swarmprov_nb.lineage import Artifact, CellRun, Declaration, Use
from swarmprov_nb.lineage.questions import only_asks
from swarmprov_nb.notebooks import project_folder
from swarmprov_nb.own_files import is_own

_PACKAGE = Path(os.path.realpath(__file__)).parent  # our own code is no data of the user's


@dataclass
class RunDraft:
    """A cell run in the making: what goes into the record in one transaction, and what is said about it."""

    run: CellRun
    observation: Observation
    artifacts: list[Artifact] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    updates: list[Artifact] = field(default_factory=list)
    problems: list[SwarmprovError] = field(default_factory=list)

    def replace(self, artifact: Artifact) -> None:
        """Put a newer state of an artifact in the place of the old: of this run, or of an earlier one."""
        for index, known in enumerate(self.artifacts):
            if known.id == artifact.id:
                self.artifacts[index] = artifact
                return
        self.updates = [known for known in self.updates if known.id != artifact.id] + [artifact]


class Catalogue:
    """Knows the artifacts of one session by name; `namespace` is the user's, `folder` the notebook's."""

    def __init__(
        self, namespace: Mapping[str, Any], folder: Path, session: str, settings: Settings, *,
        notebook: Path | None = None, home: Path | None = None,
    ) -> None:  # fmt: skip
        self._namespace = namespace
        self._notebook = notebook and os.path.realpath(notebook)  # what %publish reads is no input of the study
        self._home = home and Path(os.path.realpath(home))
        self._folder = folder
        self._project = project_folder(folder)
        self._session = session
        self._settings = settings
        self._values: dict[str, Artifact] = {}
        self._files: dict[str, Artifact] = {}  # by real path: written ones, and inputs
        self._states: dict[str, tuple[int, ...]] = {}  # of inputs, to notice a newer version
        self._opened: set[str] = set()  # ids of what came from publications

    # -- what a run made and used

    def observe(self, draft: RunDraft, run_of: Callable[[int], str]) -> None:
        """List what the run made (recognised values and written files), and tie it to what it used."""
        seen = draft.observation
        before = dict(self._values)
        files_before = dict(self._files)
        for name in dict.fromkeys((*seen.bound, *seen.mutated)):
            self._value_bound(draft, name)
        outside = [access for access in seen.files if not self._is_ours(Path(access.path))]
        asking = only_asks(draft.run.source)
        files = [access for access in outside if access.path != self._notebook
                 and not (asking and is_own(Path(access.path)))]  # fmt: skip
        for access in files:
            if access.mode == "read":
                self._file_used(draft, access, files_before)
        for access in files:
            if access.mode == "write" and Path(access.path).is_file() and not is_own(Path(access.path)):
                self._file_made(draft, Path(access.path), named=access.named)
        for flow in seen.flows:
            artifact = before.get(flow.name)
            if artifact is not None and artifact.run == run_of(flow.writer):
                draft.uses.append(Use(draft.run.id, artifact.id, flow.confidence))

    def _value_bound(self, draft: RunDraft, name: str) -> None:
        value = self._namespace.get(name)
        family = None if value is None else family_of(value)
        if family is None:
            self._values.pop(name, None)
        else:
            self._value_made(draft, name, family.describe(value))

    def _value_made(self, draft: RunDraft, name: str, description: Any) -> Artifact:
        artifact = self._artifact(draft, self._values.get(name), name, kind=description.kind, shape=description.shape,
                                  schema=description.schema, summary=description.summary)  # fmt: skip
        self._values[name] = artifact
        return artifact

    def _file_made(self, draft: RunDraft, path: Path, *, named: bool) -> Artifact:
        key = str(path)
        artifact = self._artifact(draft, self._files.get(key), self.file_name(path), kind=kind_of(path),
                                  path=self._relative(path), named=named)  # fmt: skip
        self._files[key] = artifact
        return artifact

    def _artifact(self, draft: RunDraft, known: Artifact | None, name: str, **attributes: Any) -> Artifact:
        version = known.version + 1 if known else 1
        where = "file:" if "path" in attributes else ""
        artifact = Artifact(f"{draft.run.id}/{where}{name}@{version}", draft.run.id, name, version, **attributes)
        if known is not None and known.run is not None:
            # a licence goes on to what was changed in place; a title names one version
            artifact = replace(artifact, declaration=replace(known.declaration, title=None))
        draft.artifacts.append(artifact)
        return artifact

    def _file_used(self, draft: RunDraft, access: FileAccess, files: Mapping[str, Artifact]) -> None:
        known = files.get(access.path)
        if known is None or known.run is None:
            known = self._input(draft, Path(access.path), named=access.named)
        if known is not None and known.run != draft.run.id:
            draft.uses.append(Use(draft.run.id, known.id))

    def _input(self, draft: RunDraft, path: Path, *, named: bool) -> Artifact | None:
        """Return a file that no recorded run wrote; each state of it is one version of the input."""
        try:
            stat = path.stat()
        except OSError:
            return None
        key, state = str(path), (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._files.get(key)
        if known is None or self._states.get(key) != state:
            version = known.version + 1 if known else 1
            known = Artifact(
                f"{self._session}/input/{self._relative(path)}@{version}", None, self.file_name(path), version,
                kind_of(path), path=self._relative(path), named=named,
            )  # fmt: skip
            self._files[key], self._states[key] = known, state
            draft.artifacts.append(known)
        return known

    def opened(self, draft: RunDraft, artifact: Artifact) -> None:
        """List an input that was opened from a publication, once in the session, and tie it to the run."""
        known = replace(artifact, id=f"{self._session}/{artifact.id}")
        if known.id not in self._opened:
            self._opened.add(known.id)
            draft.artifacts.append(known)
        use = Use(draft.run.id, known.id)
        if use not in draft.uses:
            draft.uses.append(use)

    # -- declarations

    def declare(self, draft: RunDraft, item: Declared) -> None:
        """Apply a declaration to the artifact that it means; UsageError or ArtifactError where there is none."""
        artifact = self._meant(draft, item)
        declaration = Declaration(license=self._settings.license, contact=self._settings.contact)
        declaration = declaration.merged(artifact.declaration).merged(item.declaration)
        kind = item.kind or artifact.kind
        self.update(draft, replace(artifact, declared=True, kind=kind, declaration=declaration))

    def license_files(self, draft: RunDraft, license_: str) -> None:
        """Apply a step's licence to the files that its run wrote."""
        for artifact in [made for made in draft.artifacts if made.path is not None and made.run is not None]:
            declaration = artifact.declaration.merged(Declaration(license=license_))
            self.update(draft, replace(artifact, declaration=declaration))

    def name_input(self, draft: RunDraft, uri: str) -> None:
        """Say where an input came from: the one of that name, else the only one that the run read."""
        last = uri.rstrip("/").rsplit("/", 1)[-1]
        inputs = [artifact for artifact in self._files.values() if artifact.run is None]
        used = {use.artifact for use in draft.uses}
        meant = [artifact for artifact in inputs if artifact.name.rsplit("/", 1)[-1] == last]
        meant = meant or [artifact for artifact in inputs if artifact.id in used]
        if len(meant) != 1:
            read = ", ".join(artifact.name for artifact in meant) or "no file that came from outside this notebook"
            raise UsageError(
                f"--input {uri} does not say which file is meant; this cell read {read}.",
                "Put it on the cell that reads that one file; one that another cell wrote is no input.",
            )
        self.update(draft, replace(meant[0], origin=uri, named=True))

    def update(self, draft: RunDraft, artifact: Artifact) -> None:
        """Put a newer state of an artifact in the place of the old, here and in the draft."""
        for known in (self._values, self._files):
            for key, current in known.items():
                if current.id == artifact.id:
                    known[key] = artifact
        draft.replace(artifact)

    def _meant(self, draft: RunDraft, item: Declared) -> Artifact:
        name = item.name or self._name_of(item.value)
        if name in self._values:
            return self._values[name]
        if name in self._namespace:
            value = self._namespace[name]
            family = family_of(value, declared=True)
            if family is not None:
                return self._value_made(draft, name, family.describe(value))
            raise ArtifactError(
                f"{name} is a {type(value).__name__}, and no artifact family can turn it into bytes.",
                "Write it to a file and declare that file, or register a family: swarmprov.register_family.",
            )
        path = Path(os.path.realpath(self._folder / name))
        if str(path) in self._files:
            return self._files[str(path)]
        if path.is_file():
            return self._file_made(draft, path, named=True)
        known = ", ".join(sorted(self._values))
        raise UsageError(
            f"There is no variable or file {name!r} after this cell.",
            f"Declare one of: {known}." if known else "Declare a variable that the cell binds.",
        )

    def _name_of(self, value: Any) -> str:
        names = [name for name, bound in self._namespace.items() if bound is value and not name.startswith("_")]
        if not names:
            raise UsageError(
                "The declared object has no name after this cell.", "Bind it first: df = …, then swarmprov.dataset(df)."
            )
        return next((name for name in names if name in self._values), names[0])

    def _is_ours(self, path: Path) -> bool:
        """Tell whether a file is our code, or lies in the user's home for swarmprov."""
        return path.is_relative_to(_PACKAGE) or (self._home is not None and path.is_relative_to(self._home))

    # -- names

    def file_name(self, path: Path) -> str:
        """Return a file's name for people: its path below the notebook's folder, else its last part."""
        return self._relative(path) if path.is_relative_to(self._folder) else path.name

    def _relative(self, path: Path) -> str:
        if path.is_relative_to(self._folder):
            return path.relative_to(self._folder).as_posix()
        return os.path.relpath(path, self._folder) if path.is_relative_to(self._project) else str(path)
