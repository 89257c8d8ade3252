"""The user's program behaves as without us: outputs, errors, tracebacks, tools and names, cell by cell."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "shared" / "conformance" / "capture"
REAL = sorted(NOTEBOOKS.glob("*/*.ipynb"))
LOAD = "%load_ext swarmprov"
PLAIN = "pass"

BEHAVIOUR = {
    "a value": "x = [1, 2]\nx",
    "a frame": "import pandas as pd\ntable = pd.DataFrame({'a': [1, 2]})\ntable",
    "no magic of ours among the names": "sorted(name for name in globals() if not name.startswith('_'))",
    "as dir and who say": "print(dir())\n%who",
    "an error": "def f(n):\n    return 1 / n\nf(0)",
    "an error from another": "try:\n    f(0)\nexcept ArithmeticError as error:\n    raise ValueError('no') from error",
    "a syntax error": "x = = 1",
    "an exit": "raise SystemExit(3)",
    "the debugger, where nobody can type": "%debug",
    "a verbose traceback": "%xmode Verbose\nf(0)",
    "a plain one again": "%xmode Context\nx",
    "the profiler": "%prun -q -D profile.out f(2)\nimport pstats",
    "what it saw": "sorted(key[2] for key in pstats.Stats('profile.out').stats)",
    "the timer": "%timeit -n 1 -r 1 f(2)",
    "a tracer": "import sys\nseen = []\ndef tracer(frame, event, arg):\n    if frame.f_code.co_name == 'f':\n"
                "        seen.append(event)\n    return tracer\nsys.settrace(tracer)\nf(4)\nsys.settrace(None)\nseen",
    "a tracer that stays": "sys.settrace(tracer)",
    "is still there": "print(sys.gettrace() is tracer)\nsys.settrace(None)",
    "a profile function": "def profiled():\n    sys.setprofile(lambda frame, event, arg: calls.append(event))\n"
                          "    f(4)\n    sys.setprofile(None)\ncalls = []\nprofiled()\ncalls",
    "pickles": "import hashlib, pickle\n"
               "[hashlib.sha256(pickle.dumps(each)).hexdigest() for each in (x, table.to_dict(), f)]",
    "references": "held = [object(), object()]",
    "counted as ever": "print(sys.getrefcount(held[0]), sys.getrefcount(held))",
    "freed at once": "import weakref\nclass Thing: pass\nthing = Thing()\nref = weakref.ref(thing)",
    "when the last name goes": "del thing\nprint(ref() is None)",
    "threads": "import threading\ndone = []\n"
               "threads = [threading.Thread(target=done.append, args=(n,)) for n in range(4)]\n"
               "[each.start() for each in threads]\n[each.join() for each in threads]\nsorted(done)",
    "an error in a thread": "t = threading.Thread(target=f, args=(0,))\nt.start(); t.join()",
    "async": "import asyncio\nasync def slow(n):\n    await asyncio.sleep(0)\n    return n\n"
             "await asyncio.gather(slow(1), slow(2))",
    "a task that ends later": "task = asyncio.create_task(slow(3))",
    "has ended": "await task",
    "the same functions": "import inspect, io\nprint(open is io.open, pd.read_csv.__module__)\n"
                          "inspect.signature(pd.concat)",
    "warnings": "import warnings\nfor _ in range(2): warnings.warn('once')",
    "randomness": "import random\nimport numpy as np\nrandom.seed(1); np.random.seed(1)\n"
                  "random.random(), np.random.rand(2).tolist()",
    "captured": "%%capture out\nprint('hidden')",
    "and shown": "print(out.stdout)",
    "a shell": "!echo shell",
    "a script": "%%bash\necho from bash",
    "history": "print(In[2:5], len(Out), _i)",
    "the last value": "41 + 1",
    "and the ones before": "_, __",
    "files": "open('a.txt', 'w').write('a')\nprint(open('a.txt').read())",
    "a reset": "%reset -f",
    "leaves nothing": "sorted(name for name in globals() if not name.startswith('_'))",
}  # fmt: skip


DIFFERS = re.compile(
    r"(?<=0x)[0-9a-f]+|ipykernel_\d+|Thread-\d+|[\d.]+ \S+ ± .* per loop|(?:CPU times|Wall time):[^\n]*|\d\d:\d\d:\d\d"
)


def same(text: str) -> str:
    """Take out what differs between two plain runs: addresses, times, numbers of processes."""
    return DIFFERS.sub("…", text)


def told(kernel, cells):
    """Run the cells; return what each said."""
    said = [kernel.run(source, timeout=600) for source in cells]
    return [{name: same(str(each)) for name, each in vars(answer).items()} for answer in said]


def test_it_behaves_as_without_us(kernel):
    """Everything that a program can easily see of itself, and every tool that looks at it, is as in a plain kernel."""
    cells = list(BEHAVIOUR.values())
    plain = told(kernel({}), [PLAIN, *cells])[1:]
    recorded = told(kernel({}), [LOAD, *cells])[1:]

    for what, ours, theirs in zip(BEHAVIOUR, recorded, plain, strict=True):
        assert ours == theirs, what


def test_an_interrupt_stops_a_cell_as_without_us(kernel):
    """Ctrl-C ends the cell with the same traceback, and the next one runs."""

    def interrupted(first):
        started = kernel({})
        started.run(first)
        started.start("import time\nprint('begun', flush=True)\nwhile True:\n    time.sleep(0.01)")
        time.sleep(1)
        started.manager.interrupt_kernel()
        ended = started.finish()
        return ended.error, same(ended.traceback), started.run("1 + 1").text

    assert interrupted(LOAD) == interrupted(PLAIN)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("notebook", REAL or [None], ids=lambda path: path and path.stem)
def test_real_notebooks_run_as_without_us(kernel, notebook):
    """Whatever a notebook of somebody else prints, shows and raises is the same."""
    if notebook is None:
        pytest.skip(f"{NOTEBOOKS.name} of the shared conformance data is not here")
    for name in ("matplotlib", "sklearn", "statsmodels"):
        pytest.importorskip(name, reason=f"{name} is not installed")
    code = (each for each in json.loads(notebook.read_text())["cells"] if each["cell_type"] == "code")
    cells = ["".join(each["source"]) for each in code]

    assert told(kernel({}), [LOAD, *cells])[1:] == told(kernel({}), [PLAIN, *cells])[1:]
