from __future__ import annotations

import json
import signal
import time

import pytest

from swarmprov_nb.errors import RecordError
from swarmprov_nb.home import Home
from swarmprov_nb.recording import forget

LOAD = "%load_ext swarmprov"
TABLE = "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})"


def artifact(lineage, name):
    return [found for found in lineage.artifacts if found.name == name][-1]


def test_loading_says_one_line_and_changes_no_output(kernel):
    """The extension answers once, and cells print, show and fail as they would without it."""
    plain, ours = kernel(), kernel()
    cells = ["print('hello')", "1 + 1", "import sys; print('e', file=sys.stderr)", "1 / 0", "print(_)"]
    plain.run("pass")
    loaded = ours.run(LOAD)

    assert loaded.stdout.count("\n") == 1
    assert "study.ipynb" in loaded.stdout
    assert [ours.run(cell) for cell in cells] == [plain.run(cell) for cell in cells]


def test_unloading_takes_every_hook_back_and_reloading_works(kernel, recorded):
    """After %unload_ext nothing is recorded and no magic is left; %reload_ext records again."""
    k = kernel()
    hooks = """ip = get_ipython()
h = [len(ip.events.callbacks[name]) for name in ("pre_run_cell", "post_run_cell")]
h + [len(ip.input_transformers_cleanup), len(ip.Completer.custom_matchers), ip.run_code.__qualname__]"""
    before = k.run(hooks).text
    k.run(LOAD)
    k.run("seen = 1")
    k.run("%unload_ext swarmprov")

    assert k.run(hooks).text == before
    k.run("unseen = 2")
    assert "%provenance" in k.run("%provenance").stderr + k.run("%provenance").traceback
    assert k.run("%reload_ext swarmprov").stdout.startswith("swarmprov")
    k.run("again = 3")
    assert [run.source for run in recorded().runs][-1] == "again = 3"
    assert "unseen = 2" not in [run.source for run in recorded().runs]


def test_pausing_leaves_cells_out_until_it_resumes(kernel, recorded):
    """Between --pause and --resume nothing is recorded."""
    k = kernel()
    for cell in (LOAD, "a = 1", "%provenance --pause", "b = 2", "%provenance --resume", "c = 3"):
        k.run(cell)
    sources = [run.source for run in recorded().runs]

    assert "a = 1" in sources
    assert "b = 2" not in sources
    assert "c = 3" in sources


def test_every_kind_of_run_is_kept(kernel, recorded):
    """A re-run, an edited cell, a failed cell and a cell that is gone from the notebook all stay in the record."""
    k = kernel({"one": "x = 1", "two": "y = x + 1"})
    k.run(LOAD)
    cells = [("x = 1", "one"), ("y = x + 1", "two"), ("x = 1", "one"), ("x = 5", "one"), ("y = x + 1", "two")]
    for source, cell in [*cells, ("1 / 0", "three")]:
        k.run(source, cell)
    found = recorded()
    runs = [run for run in found.runs if run.cell_id]
    edges = {(edge.writer, edge.reader, edge.name) for edge in found.edges}

    assert [(run.cell_id, run.source, run.status) for run in runs] == [
        ("one", "x = 1", "ok"), ("two", "y = x + 1", "ok"), ("one", "x = 1", "ok"), ("one", "x = 5", "ok"),
        ("two", "y = x + 1", "ok"), ("three", "1 / 0", "error"),
    ]  # fmt: skip
    assert runs[-1].error == "ZeroDivisionError"
    assert (runs[0].id, runs[1].id, "x") in edges
    assert (runs[3].id, runs[4].id, "x") in edges
    assert (runs[0].id, runs[4].id, "x") not in edges


def test_a_named_step_answers_with_what_it_made(kernel, recorded):
    """%%provenance runs the cell as always, stores the artifact, and says in one line what it is and came from."""
    k = kernel()
    k.run(LOAD)
    k.run("open('raw.csv', 'w').write('a,b\\n1,x\\n2,y\\n')")
    k.run("import pandas as pd\nraw = pd.read_csv('raw.csv')")
    said = k.run("%%provenance clean --dataset clean='Cleaned rows' --license cc0-1.0 --note 'first row only'\n"
                 "clean = raw[:1]\nlen(clean)")  # fmt: skip
    found = recorded()
    clean = artifact(found, "clean")

    assert said.text == "1"
    assert said.stdout == "clean: dataset, 1 row × 2 columns ← raw\n"
    assert clean.declared
    assert (clean.title, clean.declaration.license) == ("Cleaned rows", "CC0-1.0")
    assert clean.stored.size > 0
    assert clean.stored.reference is not None
    run = found.run(clean.run)
    assert (run.step, run.named, run.note) == ("clean", True, "first row only")


@pytest.mark.parametrize(
    ("cell", "what", "next_step"),
    [
        ("%%provenance s --dataset nope\nx = 1", "no variable or file 'nope'", "Declare"),
        ("%%provenance s --dataset f\nf = lambda: 0", "no artifact family", "register_family"),
        ("%%provenance s --colour red\nx = 1", "unrecognized arguments", "%provenance?"),
        ("%%provenance s --dataset 'x\nx = 1", "No closing quotation", "Close the quotes"),
        ("%%provenance s --license CC-BY-9.9\nx = 1", "no SPDX licence", "spdx.org"),
        ("%provenance nowhere", "nowhere", ""),
        ("%provenance -h", "has no -h", "%provenance?"),
    ],
)
def test_a_magic_that_cannot_be_meant_fails_in_two_lines(kernel, cell, what, next_step):
    """Unknown variables, options and words are told with what to do next, and the cell fails without a traceback."""
    k = kernel()
    k.run(LOAD)
    k.run("x = 0")
    said = k.run(cell)

    assert said.error is not None
    assert what in said.traceback
    assert next_step in said.traceback
    assert "Traceback" not in said.traceback
    assert len(said.traceback.strip().splitlines()) == 2


def test_declarations_from_python_name_the_object_that_they_were_given(kernel, recorded):
    """swarmprov.dataset returns its argument and declares it under the name it gets in the cell."""
    k = kernel()
    k.run(LOAD)
    k.run("import swarmprov\nimport pandas as pd")
    k.run("df = swarmprov.dataset(pd.DataFrame({'a': [1]}), title='One', license='MIT', personal_data='personal')")
    found = artifact(recorded(), "df")

    assert found.declared
    assert found.declaration.personal_data == "personal"
    assert found.stored is not None


def test_a_dataset_declared_in_a_later_cell_belongs_to_the_run_that_made_it(kernel, recorded):
    """Declaring does not move an artifact to the declaring cell."""
    k = kernel()
    k.run(LOAD)
    k.run(TABLE, "make")
    k.run("import swarmprov\nswarmprov.dataset(df, title='Table')\nNone", "declare")
    found = recorded()
    df = artifact(found, "df")

    assert found.run(df.run).cell_id == "make"
    assert df.declared
    assert df.stored is not None
    assert found.session.trusted


def test_what_is_changed_in_place_becomes_a_new_version(kernel, recorded):
    """The declared version keeps its bytes; the changed one is another version, made by the run that changed it."""
    k = kernel()
    k.run(LOAD)
    k.run("%%provenance make --dataset df\n" + TABLE, "make")
    k.run("df.loc[0, 'a'] = 100", "change")
    found = recorded()
    versions = [a for a in found.artifacts if a.name == "df"]

    made = [(a.version, found.run(a.run).cell_id, a.declared) for a in versions]
    assert made == [(1, "make", True), (2, "change", False)]
    assert versions[0].stored is not None


def test_an_artifact_over_the_size_setting_is_refused_with_its_size(kernel, recorded, monkeypatch):
    """The refusal names the size and the setting, and nothing is half-stored."""
    monkeypatch.setenv("SWARMPROV_MAX_ARTIFACT_BYTES", "1000")
    k = kernel()
    k.run(LOAD)
    said = k.run("%%provenance big --dataset a\nimport numpy\na = numpy.arange(1000)")

    assert "max_artifact_bytes" in said.traceback
    assert artifact(recorded(), "a").stored is None


def test_files_that_are_read_and_written_are_artifacts(kernel, recorded, tmp_path):
    """An input is an artifact without a run; a written file is stored; reading it back ties the two runs."""
    k = kernel()
    (tmp_path / "work" / "raw.csv").write_text("a\n1\n")
    k.run(LOAD)
    k.run("text = open('raw.csv').read()", "read")
    k.run("import os\nos.makedirs('out', exist_ok=True)\nopen('out/copy.txt', 'w').write(text)", "write")
    k.run("back = open('out/copy.txt').read()", "back")
    found = recorded()
    raw, copy = artifact(found, "raw.csv"), artifact(found, "out/copy.txt")
    used = {(found.run(use.run).cell_id, use.artifact) for use in found.uses}

    assert raw.run is None
    assert raw.stored.reference is None
    assert found.run(copy.run).cell_id == "write"
    assert copy.stored.reference is not None
    assert used >= {("read", raw.id), ("back", copy.id)}
    assert any(edge.name == "out/copy.txt" and edge.kind == "file" for edge in found.edges)


def test_an_interrupted_cell_and_a_cell_that_exits_are_recorded(kernel, recorded):
    """Ctrl-C ends a run as interrupted; exit() in a cell is recorded before the kernel goes."""
    k = kernel()
    k.run(LOAD)
    k.start("import time\nstarted = 1\ntime.sleep(60)", "sleep")
    time.sleep(1.5)
    k.manager.signal_kernel(signal.SIGINT)
    k.finish()
    k.start("gone = 1\nexit()", "exit")
    k.finish()
    runs = {run.cell_id: run for run in recorded().runs}

    assert runs["sleep"].status == "interrupted"
    assert runs["exit"].source.startswith("gone = 1")


def test_a_failure_of_ours_is_a_gap_and_never_the_users(kernel, recorded):
    """Where an object breaks our look at it, the cell's output is as always and the record says what is missing."""
    k = kernel()
    k.run(LOAD)
    k.run("import swarmprov_nb.catalogue as c\n"
          "c.Catalogue.observe = lambda *a, **k: (_ for _ in ()).throw(RuntimeError('ours'))")  # fmt: skip
    said = k.run("x = 1\nprint('fine')", "after")
    run = next(run for run in recorded().runs if run.cell_id == "after")

    assert (said.stdout, said.stderr, said.error) == ("fine\n", "", None)
    assert "RuntimeError" in run.gap


def test_two_kernels_on_one_notebook_are_two_sessions(kernel, tmp_path):
    """Both record; neither disturbs the other; the newest is shown."""
    from swarmprov_nb.lineage import Record

    first, second = kernel(), kernel()
    first.run(LOAD)
    second.run(LOAD)
    first.run("a = 1")
    second.run("b = 2")
    first.run("c = a")
    home = Home(tmp_path / "home")
    with Record(tmp_path / "work", key=home.secret("record.key")) as record:
        sources = [[run.source for run in record.lineage(s.id).runs] for s in record.sessions("study.ipynb")]

    assert sorted("b = 2" in source for source in sources) == [False, True]


def test_completion_knows_variables_steps_and_options(kernel):
    """Tab offers what can stand there, and nothing else."""
    k = kernel()
    k.run(LOAD)
    k.run("%%provenance tidy --dataset table_one\nimport pandas as pd\ntable_one = pd.DataFrame({'a': [1]})")

    assert "table_one" in k.complete("%%provenance x --dataset tab")
    assert k.complete("%%provenance --lic") == ["--license"]
    assert set(k.complete("%provenance t")) == {"table_one", "tidy"}
    assert "--yes" in k.complete("%publish --y")


def test_a_killed_kernel_leaves_every_finished_run(kernel, recorded):
    """kill -9 in the middle of a cell loses that cell and no other."""
    k = kernel()
    k.run(LOAD)
    for number in range(5):
        k.run(f"x{number} = {number}")
    k.start("import time\ntime.sleep(60)")
    time.sleep(0.5)
    k.manager.signal_kernel(signal.SIGKILL)
    found = recorded()

    assert [run.source for run in found.runs][1:] == [f"x{number} = {number}" for number in range(5)]
    assert found.session.trusted


def test_a_renamed_or_copied_notebook_finds_its_record_by_its_cells(kernel, tmp_path):
    """The lineage follows the cells; a notebook with other cells does not find it."""
    from studies import write_notebook

    from swarmprov_nb.showing import lineage

    cells = {"load": LOAD, "a": "a = 1", "b": "b = a + 1"}
    k = kernel(cells)
    k.run_all(cells)
    folder, home = tmp_path / "work", Home(tmp_path / "home")
    (folder / "study.ipynb").rename(folder / "renamed.ipynb")
    write_notebook(folder / "other.ipynb", {"z": "z = 26"})

    assert "b = a + 1" in [run.source for run in lineage(folder / "renamed.ipynb", home=home).runs]
    with pytest.raises(RecordError, match=r"other\.ipynb has not been recorded"):
        lineage(folder / "other.ipynb", home=home)


def test_a_session_that_only_loaded_the_extension_does_not_hide_the_work_before_it(kernel, recorded):
    """Opening the notebook again in a new kernel leaves the newest session that made something in view."""
    first = kernel({"make": TABLE})
    first.run(LOAD)
    first.run(TABLE, "make")
    second = kernel({"make": TABLE})
    second.run(LOAD)

    assert "df" in [found.name for found in recorded().artifacts]


def test_the_help_of_the_magic_shows_usage_with_examples(kernel):
    """%provenance? and %%provenance? page the same help."""
    k = kernel()
    k.run(LOAD)
    for question in ("%provenance?", "%%provenance?"):
        k.client.execute(question)
        reply = k.client.get_shell_msg(timeout=30)
        (page,) = [payload["data"]["text/plain"] for payload in reply["content"]["payload"]]

        assert "--dataset VAR" in page
        assert "Examples::" in page


def test_forgetting_a_notebook_deletes_its_record(kernel, tmp_path):
    """swarmprov forget removes the sessions; a second time there is nothing to say but so."""
    k = kernel()
    k.run(LOAD)
    k.run("a = 1")
    notebook = tmp_path / "work" / "study.ipynb"

    assert forget(notebook, home=Home(tmp_path / "home")) == 1
    assert forget(notebook, home=Home(tmp_path / "home")) == 0
    with pytest.raises(RecordError, match="Nothing has been recorded"):
        forget(tmp_path / "elsewhere" / "x.ipynb", home=Home(tmp_path / "home"))


def test_the_environment_is_recorded_once_and_names_no_person_or_place(kernel, recorded):
    """Packages with versions, Python and system; no user, host or absolute path."""
    import getpass
    import socket

    k = kernel()
    k.run(LOAD)
    k.run("a = 1")
    environment = recorded().session.environment
    text = json.dumps(environment)

    assert environment["python"]["version"].startswith("3.")
    assert any(package["name"] == "pandas" for package in environment["packages"])
    assert f'"{socket.gethostname()}"' not in text
    assert f"/home/{getpass.getuser()}" not in text
    assert str(k.manager.connection_file) not in text


def test_what_our_own_verbs_write_in_a_cell_is_no_artifact(kernel, recorded, study, tmp_path):
    """A cell that gets and saves a publication makes no data; reading a file of it is an input."""
    from swarmprov_nb.publishing import publish

    reference = publish(study.notebook, yes=True, chain="none", home=study.home, say=lambda _: None).reference
    k = kernel(notebook=study.notebook)
    k.run(LOAD)
    carry = f"swarmprov.save('{reference}', 'p.swarm')\nswarmprov.get('{reference}', 'got')"
    said = k.run(f"import swarmprov\n{carry}", "get")
    k.run("text = open('got/data/summary.csv').read()", "read")
    found = recorded()

    assert said.error is None
    assert [a.name for a in found.artifacts if a.run is not None] == []
    assert [a.name for a in found.artifacts if a.run is None] == ["got/data/summary.csv"]


def test_a_step_named_after_its_first_line_names_no_folder(kernel, recorded):
    """An absolute path in the first line is cut to its last part in the step's name, never in the source."""
    k = kernel()
    k.run(LOAD)
    k.run("where = '/home/ana/my study/raw.csv'")
    (run,) = [run for run in recorded().runs if run.source.startswith("where")]
    assert (run.step, run.source) == ("where = 'raw.csv'", "where = '/home/ana/my study/raw.csv'")


def test_what_was_there_before_recording_is_said_where_it_is_read(kernel, recorded):
    """A run that reads a name made before %load_ext has a gap that names it; imports and what is made anew do not."""
    k = kernel()
    k.run("import math\nfrom json import dumps\ndf2 = [1]\ndef twice(x): return 2 * x")
    for cell in (LOAD, "n = dumps(len(df2) + math.pi)", "t = twice(2)", "df2 = [2]", "m = len(df2)"):
        k.run(cell)
    gaps = {run.source: run.gap for run in recorded().runs}
    assert gaps["n = dumps(len(df2) + math.pi)"] == "reads df2, which was there before recording began"
    assert gaps["t = twice(2)"] == "reads twice, which was there before recording began"
    assert (gaps["df2 = [2]"], gaps["m = len(df2)"]) == (None, None)


def test_personal_data_are_declared_by_the_magic(kernel, recorded):
    """--personal makes a dataset that is declared personal."""
    k = kernel()
    k.run(LOAD)
    k.run("%%provenance join --personal people=Patients\nimport pandas as pd\npeople = pd.DataFrame({'age': [36]})")
    found = artifact(recorded(), "people")
    assert (found.kind, found.declaration.title, found.declaration.personal_data) == ("dataset", "Patients", "personal")


def test_options_are_listed_checked_and_heard(kernel, recorded):
    """%config ProvenanceMagics lists the options, refuses what cannot be meant, and what it sets has effect."""
    k = kernel()
    k.run(LOAD)
    listed = k.run("%config ProvenanceMagics").stdout
    assert all(f"ProvenanceMagics.{name}" in listed for name in ("limit", "store_seconds", "max_artifact_bytes"))
    assert "should not be less than 1" in k.run("%config ProvenanceMagics.limit = 0").stderr
    k.run("%config ProvenanceMagics.max_artifact_bytes = 10")
    k.run("%%provenance big --dataset long\nimport pandas as pd\nlong = pd.DataFrame({'a': range(1000)})")
    assert artifact(recorded(), "long").stored is None


def test_reloading_says_nothing_again(kernel):
    """%reload_ext of what is loaded is silent; its options stand once."""
    k = kernel()
    k.run(LOAD)
    assert k.run("%reload_ext swarmprov").stdout == ""
    assert k.run("[type(c).__name__ for c in get_ipython().configurables].count('ProvenanceMagics')").text == "1"
