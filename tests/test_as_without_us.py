"""The user's program behaves as without us: outputs, errors, tracebacks, tools and names, cell by cell."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
OTHERS = sorted((HERE.parents[1] / "shared" / "conformance" / "capture").glob("*/*.ipynb"))
WORKS = sorted((HERE / "notebooks").glob("*.ipynb"))
OWN = [NOTEBOOKS / "quickstart.ipynb", NOTEBOOKS / "verify.ipynb"]
OPTIONAL = {"dill", "matplotlib", "pyarrow", "rich", "sklearn", "skops", "statsmodels"}
OURS = re.compile(r"^%%?(?:provenance|load_ext swarmprov)\b.*\n?", re.MULTILINE)
DATED = (".dill", ".gz", ".joblib", ".zip")  # these hold times, or the number of the process
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
    "the whole stack": "[frame.function for frame in inspect.stack()]",
    "and all of it": "def depth(n=0):\n    try:\n        return depth(n + 1)\n    except RecursionError:\n"
                     "        return n\ndepth()",
    "a proxy that loads when it is asked": "class Proxy:\n    def __getattribute__(self, name):\n"
                                           "        print('loads for', name)\n        return 1\n"
                                           "proxy = Proxy()",
    "handed on": "def handed():\n    return proxy, [proxy]\nfound = handed()",
    "a class that tells who looks": "class Telling(type):\n    def __getattribute__(cls, name):\n"
                                    "        if not name.startswith('__'):\n            print('asked for', name)\n"
                                    "        return super().__getattribute__(name)\n"
                                    "class Told(metaclass=Telling):\n    pass\ntold = Told()",
    "containers that tell": "class Items(list):\n    def __iter__(self):\n        print('items')\n"
                            "        return super().__iter__()\n    def __len__(self):\n        print('len')\n"
                            "        return 1\nclass Text(str):\n    def __str__(self):\n        print('text')\n"
                            "        return 'x'\nitems, text = Items('ab'), Text('t')",
    "looked up": "def looked():\n    return items, text\nfound = looked()",
    "an iterator": "pulled = []\nstream = (pulled.append(n) or n for n in range(9))\nsquares = map(abs, stream)",
    "pulled by the user alone": "next(squares), pulled",
    "every warning": "warnings.simplefilter('always')\nwith open('b.txt', 'w') as out: print('b', file=out)",
    "is the user's": "table.to_csv('c.csv')",
    "as ever": "warnings.resetwarnings()",
    "files": "open('a.txt', 'w').write('a')\nprint(open('a.txt').read())",
    "a reset": "%reset -f",
    "leaves nothing": "sorted(name for name in globals() if not name.startswith('_'))",
}  # fmt: skip


DIFFERS = re.compile(
    r"(?<=0x)[0-9a-f]+|(?<='model_id': ')[0-9a-f]+"
    r"|pid=\d+|ipykernel_\d+|Thread-\d+|[\d.]+ \S+ ± .* per loop|(?:CPU times|Wall time):[^\n]*|\d\d:\d\d:\d\d"
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


def sources(notebook):
    """Return the code of a notebook's cells, without what it asks of us by magics."""
    code = (each for each in json.loads(notebook.read_text("utf-8"))["cells"] if each["cell_type"] == "code")
    return [OURS.sub("", "".join(each["source"])) for each in code]


def need(cells):
    """Skip where a package is missing that the cells import."""
    for name in sorted(set(re.findall(r"^(?:import|from) (\w+)", "\n".join(cells), re.MULTILINE))):
        if name in OPTIONAL:
            pytest.importorskip(name, reason=f"{name} is not installed")


def ran(kernel, folder, first, cells):
    """Run the cells in a fresh folder; return what each said, and the files that they left."""
    shutil.copytree(NOTEBOOKS / "data", folder / "data")
    shutil.copy(NOTEBOOKS / "penguins.swarm", folder)
    started = kernel({})
    started.run(first, history=False)  # what a session holds of its own past is pickled with it
    said = told(started, cells)
    started.stop()
    left = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    folder.rename(folder.with_name(f"after {first[1:5]}"))
    return said, {name: data if not name.endswith(DATED) else b"" for name, data in left.items() if not is_ours(name)}


def is_ours(name):
    return name.startswith(".swarmprov") or "__pycache__" in name


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("notebook", [*OTHERS, *WORKS, *OWN], ids=lambda path: path.stem)
def test_notebooks_run_as_without_us(kernel, tmp_path, notebook):
    """Whatever a notebook prints, shows, raises and writes is the same, cell by cell and byte by byte."""
    cells = sources(notebook)
    need(cells)
    recorded, ours = ran(kernel, tmp_path / "work", LOAD, cells)
    plain, theirs = ran(kernel, tmp_path / "work", PLAIN, cells)

    for cell, here, there in zip(cells, recorded, plain, strict=True):
        assert here == there, cell
    assert ours == theirs
