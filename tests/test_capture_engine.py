"""The engine on a real shell, in a process of its own: what it observes, and that nobody notices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

HOUSE = Path(__file__).parents[1]

DRIVER = """
import contextlib, dataclasses, io, json, os, sys, tempfile, warnings
warnings.simplefilter("ignore")
from IPython.core.interactiveshell import InteractiveShell
from swarmprov_nb.capture import Engine
from swarmprov_nb.capture import engine as engine_module

real_stdout = sys.stdout
os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
sys.path.insert(0, "")

def play(cells, setup):
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor")
    seen = []
    engine = Engine(shell, on_run=seen.append)
    space = {"engine": engine, "seen": seen, "shell": shell, "module": engine_module, "Engine": Engine}
    out, folder = io.StringIO(), tempfile.mkdtemp()
    os.chdir(folder)
    shell.user_ns["_study"] = space
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        exec(setup or "engine.install()", space)
        for cell in cells:
            if cell.startswith("#!"):
                exec(cell[2:], space)
            else:
                shell.run_cell(cell, store_history=True)
    result = space.get("result")
    engine.remove()
    os.chdir("/")
    return {"seen": [dataclasses.asdict(each) for each in seen], "out": out.getvalue(), "result": result,
            "folder": os.path.realpath(folder)}

for line in sys.stdin:
    request = json.loads(line)
    print(json.dumps(play(request["cells"], request["setup"])), file=real_stdout, flush=True)
"""


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    """Run cells in a fresh shell with the engine installed; a cell that begins with ``#!`` is ours and runs outside."""
    env = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("temporary"))}
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOUSE, env=env
    ) as process:

        def run(*cells, setup=""):
            process.stdin.write(json.dumps({"cells": cells, "setup": setup}) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            seen = [SimpleNamespace(**each) for each in answer["seen"]]
            return SimpleNamespace(
                seen=seen, out=answer["out"], result=answer["result"], folder=answer["folder"], flows=flows(seen)
            )

        yield run
        process.stdin.close()


def flows(seen):
    """Return (writer, reader, name) from 1, imports left out."""
    return sorted(
        (flow["writer"], each.sequence, flow["name"])
        for each in seen
        for flow in each.flows
        if flow["kind"] != "import"
    )


def test_a_run_says_what_it_read_bound_changed_and_deleted(play):
    """One observation a cell, with the version that each name had."""
    done = play("x = [1]\ny = x", "y.append(2)", "print(x)", "del x")

    assert done.flows == [(1, 2, "y"), (2, 3, "x"), (2, 4, "x")]
    first, second, _, last = done.seen
    assert (first.bound, second.mutated, last.deleted) == (["x", "y"], ["x", "y"], ["x"])
    assert [each.status for each in done.seen] == ["ok"] * 4
    assert first.source == "x = [1]\ny = x"
    assert first.started <= first.ended <= second.started


def test_runs_and_not_cells_are_the_versions(play):
    """Out of order, again and edited: the reader gets the run that wrote last."""
    cells = {"x": "x = 1", "y": "y = x + 1", "z": "z = y * 2"}
    done = play(*[cells[name] for name in "xyzxz"], "x = 5", cells["y"], cells["z"])

    assert done.flows == [(1, 2, "x"), (2, 3, "y"), (2, 5, "y"), (6, 7, "x"), (7, 8, "y")]


def test_a_failed_cell_keeps_what_it_did_before_it_raised(play):
    """What follows the failing line neither read nor wrote."""
    done = play("a = 1\nb = 2", "c = a\n1 / 0\nd = b", "print(c)", "x = (")

    assert done.flows == [(1, 2, "a"), (2, 3, "c")]
    assert [(each.status, each.error) for each in done.seen] == [
        ("ok", None), ("error", "ZeroDivisionError"), ("ok", None), ("error", "SyntaxError"),
    ]  # fmt: skip
    assert done.seen[1].bound == ["c"]


def test_an_interrupted_cell_is_called_interrupted(play):
    """KeyboardInterrupt is no error of the cell."""
    done = play("x = 1", "y = x\nraise KeyboardInterrupt\nz = 1")

    assert (done.seen[1].status, done.seen[1].error, done.seen[1].bound) == ("interrupted", "KeyboardInterrupt", ["y"])


def test_magics_that_nest_cells_are_one_run(play):
    """``%%capture`` and ``%%time`` run their body as a cell; numbers do not shift."""
    done = play("n = 5", "%%capture out\nacc = n", "%%time\ntot = acc", "%time u = tot", "print(out.stdout, u)")

    assert [each.sequence for each in done.seen] == [1, 2, 3, 4, 5]
    assert done.flows == [(1, 2, "n"), (2, 3, "acc"), (2, 5, "out"), (3, 4, "tot"), (4, 5, "u")]


def test_loading_in_the_middle_of_a_session_observes_the_loading_cell(play):
    """Only its end is announced; what was there before has no writer, what it binds has."""
    done = play("old = [1]", "new = old\n_study['engine'].install()\nlate = 1", "old, new, late", setup="pass")

    assert [(each.sequence, each.source.splitlines()[0]) for each in done.seen] == [
        (1, "new = old"),
        (2, "old, new, late"),
    ]
    assert done.flows == [(1, 2, "late"), (1, 2, "new")]


def test_a_probe_without_history_is_no_run(play):
    """Front ends run code of their own."""
    done = play(
        "x = 1", "#!shell.run_cell('y = x', store_history=False)", "#!shell.run_cell('x', silent=True)", "print(x)"
    )

    assert [each.sequence for each in done.seen] == [1, 2]


def test_paused_it_observes_nothing_and_resumed_it_trusts_no_old_writer(play):
    """What changed meanwhile, by binding or in place, has no writer any more."""
    done = play(
        "a = [1]\nb = 1\nc = [2]", "#!engine.pause()", "a.append(2)\nb = 2", "#!engine.resume()", "print(a, b, c)"
    )

    assert [each.sequence for each in done.seen] == [1, 2]
    assert done.flows == [(1, 2, "c")]


def test_removed_it_is_inert(play):
    """No callback, no wrapped method, no finder, and the audit hook hears nothing."""
    done = play(
        "import pyarrow.parquet, pandas as pd",
        "#!engine.remove()",
        "open('a.txt', 'w').write('x')",
        "#!import sys, pandas.io.parquet as p\n"
        "events = shell.events.callbacks\n"
        "result = [events['pre_run_cell'], events['post_run_cell'], 'run_code' in vars(shell), module.audit.listener(),"
        " [str(f) for f in sys.meta_path if 'swarmprov' in str(type(f))], hasattr(p.PyArrowImpl.read, '__wrapped__')]",
    )

    assert done.result == [[], [], False, None, [], False]
    assert len(done.seen) == 1


def test_it_can_be_installed_again(play):
    """``%reload_ext``: a second engine carries on with its own numbers."""
    done = play(
        "a = 1",
        "#!engine.remove()\nsecond = Engine(shell, on_run=seen.append, first_sequence=7)\nsecond.install()",
        "b = a",
        "print(b)",
        "#!second.remove()",
    )

    assert done.flows == [(7, 8, "b")]


@pytest.mark.parametrize(
    "break_it",
    [
        "module.cell_of = lambda *a: 1 / 0",
        "engine._variables.settle = lambda *a: 1 / 0",
        "engine._files.settle = lambda *a, **k: 1 / 0",
        "engine._variables.between = lambda *a, **k: [][1]",
    ],
)
def test_a_failure_of_ours_becomes_a_gap_and_the_cell_shows_what_it_shows(play, break_it):
    """The user's cell is never broken nor its output changed."""
    cells = ("x = 1", "print(x)\nx + 1", "1 / 0")
    plain = play(*cells, setup="pass")
    undo = "#!import importlib\nfrom swarmprov_nb.capture import cell\nmodule.cell_of = cell.cell_of"
    done = play(f"#!{break_it}", *cells, undo)

    assert done.out == plain.out
    assert [each.status for each in done.seen] == ["ok", "ok", "error"]
    assert all("Capture failed" in each.gap for each in done.seen[:2])


def test_a_listener_that_raises_stays_out_of_the_output(play):
    """It is reported to IPython's log, once a run."""
    done = play("print(1)", "2", setup="engine._on_run = lambda seen: 1 / 0\nengine.install()")

    assert done.out == play("print(1)", "2", setup="pass").out


def test_output_is_the_same_recorded_and_plain(play):
    """Warnings, displays, tracebacks, globals() and magics look as ever."""
    cells = (
        "import warnings\nwarnings.warn('w')", "print(sorted(k for k in globals() if k == 'warnings'))", "x = 1\nx",
        "exec('y = x'); locals()['y']", "def f(): return globals() is f.__globals__\nf()", "1 / 0",
        "!echo shell", "len(vars()) > 3",
    )  # fmt: skip

    assert play(*cells).out == play(*cells, setup="pass").out


def test_objects_die_when_the_cell_lets_them(play):
    """Nothing here keeps a user's object alive."""
    cells = (
        "class A:\n    def __del__(self): print('gone')\na = A()\nb = [a]",
        "print('before')\ndel a, b\nprint('after')",
    )

    assert play(*cells).out == "before\ngone\nafter\n"


def test_the_current_version_of_a_variable_is_known(play):
    """Rebinding and changes in place both make it another."""
    done = play(
        "import numpy as np\na = np.zeros(3)\nb = [1]\nn = 3",
        "#!known = lambda: [engine._variables.writer('a'), engine.current_sequence]",
        "#!ask = lambda: [engine.is_current(x, 1) for x in 'abn'] + known()",
        "#!result = [ask()]",
        "#!shell.user_ns['b'].append(2); result.append(ask())",
        "a[0] = 1",
        "#!result.append(ask())",
    )

    assert done.result == [[True, True, True, 1, None], [True, False, True, 1, None], [False, False, True, 2, None]]


def test_seeds_and_generator_states_are_seen(play):
    """Seeding owes nothing to the old state; drawing owes everything."""
    done = play("import numpy as np\nS = 7", "np.random.seed(S)", "a = np.random.rand(2)", "b = np.random.rand(2)")

    assert done.flows == [(1, 2, "S"), (2, 3, "<np.random>"), (3, 4, "<np.random>")]
    assert done.seen[1].seeds == ["np.random.seed(7)"]


def test_files_are_named_relative_to_the_folder_and_real_paths_are_kept(play):
    """Who wrote what was read, and whether the cell's text names it."""
    done = play(
        "import os\nos.mkdir('data')\nname = 'data/a.txt'", "open(name, 'w').write('1')", "open('data/a.txt').read()",
        "import tempfile\ntempfile.TemporaryFile().write(b'x')",
    )  # fmt: skip

    assert (2, 3, "file:data/a.txt") in done.flows
    assert done.seen[1].files == [
        {"path": f"{done.folder}/data/a.txt", "mode": "write", "writer": None, "named": False}
    ]  # fmt: skip
    assert done.seen[2].files[0]["named"]
    assert done.seen[3].files == []


def test_results_flow_through_the_underscore(play):
    """``_`` and ``Out[1]`` come from the run that displayed them."""
    assert play("5 + 5", "_ * 2", "x = _ + 1", "Out[1]").flows == [(1, 2, "_"), (1, 4, "_1"), (2, 3, "_")]


def test_what_changed_between_cells_has_no_writer(play):
    """A widget's callback or a thread wrote it."""
    done = play("a = 1\nb = 2", "#!shell.user_ns['a'] = 9", "print(a, b)")

    assert done.flows == [(1, 2, "b")]


def test_a_cell_on_another_thread_is_a_stated_gap(play):
    """Subshells run cells at the same time."""
    done = play(
        "import threading\nrun = _study['shell'].run_cell"
        "\nt = threading.Thread(target=run, args=('q = 1',), kwargs={'store_history': True})"
        "\nt.start(); t.join()",
        "print(q)",
    )

    assert len(done.seen) == 2
    assert "at the same time" in done.seen[0].gap


def test_lines_of_the_provenance_magic_are_not_read(play):
    """A cell that still starts with it is analysed by its body."""
    done = play(
        "x = 1",
        "#!shell.register_magic_function(lambda line, cell: shell.run_cell(cell), 'cell', 'provenance')",
        "%%provenance clean --dataset x=Title\ny = x",
        "print(y)",
    )

    assert done.flows == [(1, 2, "x"), (2, 3, "y")]
