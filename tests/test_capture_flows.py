# ruff: noqa: E501 - cells are kept on one line
"""Flows that are easy to get wrong, each in a few cells: what must be found, what may be, and nothing else.

Pairs are (writer, reader) among the cells of a case, from 0. `may` are earlier writers since the last rebinding, and
accesses through an alias.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]

DRIVER = """
import contextlib, io, json, os, sys, tempfile, warnings
warnings.simplefilter("ignore")
os.environ["MPLBACKEND"] = "agg"
os.environ["IPYTHONDIR"] = tempfile.mkdtemp()
sys.path.insert(0, "")
from IPython.core.interactiveshell import InteractiveShell
from swarmprov_nb.capture import Engine

out = sys.stdout
for line in sys.stdin:
    InteractiveShell.clear_instance()
    shell, seen = InteractiveShell.instance(), []
    engine = Engine(shell, on_run=seen.append)
    engine.install()
    os.chdir(tempfile.mkdtemp())
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        for cell in json.loads(line):
            shell.run_cell(cell, store_history=True)
    engine.remove()
    pairs = [[f.writer - 1, o.sequence - 1, f.name] for o in seen for f in o.flows if f.kind != "import"]
    errors = [str(o.gap or o.error) for o in seen if o.gap or o.error]
    print(json.dumps([pairs, errors]), file=out, flush=True)
"""

# name: (cells, pairs that must be found, further pairs that may be)
CASES = {
    "view": (
        [
            "import numpy as np\na=np.zeros(10)",
            "b=a[2:5]",
            "b[:]=1",
            "print(a.sum())",
            "c=a.reshape(2,5)",
            "c[0,0]=9",
            "d=b+1",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4), (2, 6), (4, 5)],
        [(0, 3), (0, 4), (5, 6)],
    ),
    "latebind": (
        [
            "k=2",
            "def f(x): return x*k",
            "a=f(1)",
            "k=10",
            "b=f(1)",
        ],
        [(0, 2), (1, 2), (1, 4), (3, 4)],
        [],
    ),
    "cond": (
        [
            "flag=True",
            "if flag:\n    x=1\nelse:\n    x=2",
            "y=x",
            "if not flag:\n    x=5",
            "z=x",
            "if False:\n    x=7",
            "w=x",
        ],
        [(0, 1), (0, 3), (1, 2), (1, 4), (1, 6)],
        [],
    ),
    "loopvar": (
        [
            "item=1",
            "for item in range(3):\n    s=item",
            "print(item, s)",
            "for q in [1]:\n    s2=q\nprint(s2)",
            "t=item",
        ],
        [(1, 2), (1, 4)],
        [],
    ),
    "decor": (
        [
            "calls=[]\ndef logged(f):\n    def w(*a):\n        calls.append(f.__name__)\n        return f(*a)\n    return w",
            "@logged\ndef add(a,b): return a+b",
            "r=add(1,2)",
            "print(calls)",
        ],
        [(0, 1), (0, 2), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "partial": (
        [
            "import functools\nbase=10\ndef p(a,b): return a+b+base",
            "add5=functools.partial(p,5)",
            "r=add5(1)",
            "base=20",
            "r2=add5(1)",
        ],
        [(0, 1), (0, 2), (1, 2), (1, 4), (3, 4)],
        [(0, 4)],
    ),
    "gen": (
        [
            "n=3\ndef g():\n    for i in range(n): yield i*scale",
            "scale=2",
            "it=g()",
            "first=next(it)",
            "scale=5",
            "rest=list(it)",
            "print(first,rest)",
        ],
        [(0, 2), (1, 3), (2, 3), (3, 5), (3, 6), (4, 5), (5, 6)],
        [(0, 3), (0, 5), (2, 5)],
    ),
    "globalw": (
        [
            "count=0\ndef inc():\n    global count\n    count+=1",
            "inc()",
            "inc()",
            "print(count)",
        ],
        [(0, 1), (0, 2), (1, 2), (2, 3)],
        [],
    ),
    "closurecell": (
        [
            "def make():\n    n=[0]\n    def inc():\n        n[0]+=1\n        return n[0]\n    return inc",
            "c=make()",
            "c()",
            "v=c()",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [(1, 3)],
    ),
    "nonlocal": (
        [
            "def make():\n    n=0\n    def inc():\n        nonlocal n\n        n+=1\n        return n\n    return inc",
            "c=make()",
            "c()",
            "v=c()",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [(1, 3)],
    ),
    "dfmut": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[3,1,2],"s":list("xyz")})',
            'df["b"]=df.a*2',
            'df.sort_values("a",inplace=True)',
            'df.loc[0,"s"]="q"',
            "print(df.head())",
            "v=df.a.mean()",
            'df.drop(columns="b",inplace=True)',
            "print(df)",
        ],
        [(0, 1), (1, 2), (2, 3), (3, 4), (2, 5), (3, 5), (3, 6), (6, 7)],
        [],
    ),
    "dfalias": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[3,1,2]})',
            "d2=df",
            'd2["n"]=1',
            "print(df)",
            "c=df.copy()",
            'c["z"]=2',
            "print(df.shape)",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4), (2, 6), (4, 5)],
        [(0, 3)],
    ),
    "shell": (
        [
            'msg="hi"',
            "!echo {msg} > out.txt",
            'txt=open("out.txt").read()',
            "!cp out.txt copy.txt",
            'with open("copy.txt") as f: t2=f.read()',
            "%%bash\ncat copy.txt > third.txt",
            'x=open("third.txt").read()',
            "files=!ls",
        ],
        [(0, 1), (1, 2), (1, 3), (3, 4), (3, 5), (5, 6)],
        [(1, 7), (3, 7), (5, 7)],
    ),
    "popen": (
        [
            "import subprocess",
            'subprocess.run("echo 1 > a.txt",shell=True)',
            'subprocess.run(["cp","a.txt","b.txt"])',
            'open("b.txt").read()',
            'import os\nos.system("cat b.txt > c.txt")',
            'open("c.txt").read()',
        ],
        [(1, 2), (2, 3), (2, 4), (4, 5)],
        [],
    ),
    "sqlite": (
        [
            'import sqlite3\ncon=sqlite3.connect("t.db")',
            'con.execute("create table t(a int)")',
            'con.execute("insert into t values (1)")\ncon.commit()',
            'r=con.execute("select * from t").fetchall()',
            "print(r)",
            'import pandas as pd\nd=pd.read_sql("select * from t",con)',
            "con.close()",
            'con2=sqlite3.connect("t.db")\nq=con2.execute("select a from t").fetchall()',
        ],
        [(0, 1), (1, 2), (2, 3), (2, 5), (2, 7), (3, 4)],
        [(0, 2), (0, 3), (0, 5), (0, 6), (1, 3), (1, 5), (1, 6), (2, 6), (5, 6), (6, 7)],
    ),
    "memdb": (
        [
            'import sqlite3\ncon=sqlite3.connect(":memory:")',
            'con.execute("create table t(a int)")',
            'con.execute("insert into t values (1)")',
            'r=con.execute("select * from t").fetchall()',
            'r2=con.execute("select * from t").fetchall()',
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4)],
        [(0, 2), (0, 3), (0, 4)],
    ),
    "rngobj": (
        [
            "import numpy as np\nrng=np.random.default_rng(0)",
            "a=rng.random(3)",
            "b=rng.random(3)",
        ],
        [(0, 1), (1, 2)],
        [(0, 2)],
    ),
    "rename": (
        [
            'open("a.txt","w").write("1")',
            'import os\nos.rename("a.txt","b.txt")',
            'open("b.txt").read()',
            'import shutil\nshutil.copy("b.txt","c.txt")',
            'import glob\nfor p in glob.glob("*.txt"): open(p).read()',
            'from pathlib import Path\nPath("d.txt").write_text("x")',
            'print(Path("d.txt").read_text())',
        ],
        [(0, 1), (1, 2), (1, 3), (1, 4), (3, 4), (5, 6)],
        [],
    ),
    "pickle": (
        [
            'import pickle,json\nd={"a":1}',
            'pickle.dump(d,open("d.pkl","wb"))',
            'e=pickle.load(open("d.pkl","rb"))',
            'json.dump(e,open("d.json","w"))',
            'f=json.load(open("d.json"))',
        ],
        [(0, 1), (1, 2), (2, 3), (3, 4)],
        [],
    ),
    "writefile": (
        [
            "%%writefile helper.py\nK=3\ndef h(x): return x*K",
            "import helper",
            "print(helper.h(2))",
        ],
        [(0, 1)],
        [],
    ),
    "delredef": (
        [
            "x=[1]",
            "y=x",
            "del x",
            "x=[2]",
            "print(x,y)",
        ],
        [(0, 1), (0, 2), (1, 4), (3, 4)],
        [],
    ),
    "star": (
        [
            "from math import *",
            "r=sqrt(4)*pi",
            "x=1\ne=5",
            "print(e)",
        ],
        [(2, 3)],
        [],
    ),
    "lambda": (
        [
            "k=3",
            "fs=[lambda x: x*k, lambda x: x+1]",
            "k=4",
            "print(fs[0](2))",
            'd={"f":fs[0]}',
            'd["f"](1)',
        ],
        [(1, 3), (1, 4), (2, 3), (2, 5), (4, 5)],
        [(0, 1), (2, 4)],
    ),
    "cls": (
        [
            "scale=2\nclass A:\n    def __init__(self): self.items=[]\n    def add(self,x): self.items.append(x*scale)\n    def total(self): return sum(self.items)",
            "a=A()",
            "a.add(1)",
            "scale=5",
            "a.add(2)",
            "print(a.total())",
        ],
        [(0, 1), (0, 2), (1, 2), (2, 4), (3, 4), (4, 5)],
        [(0, 4), (0, 5), (1, 4), (1, 5)],
    ),
    "inherit": (
        [
            "class B:\n    n=0\n    def bump(self): type(self).n+=1",
            "class C(B): pass",
            "c=C()",
            "c.bump()",
            "print(C.n)",
            "print(c.n)",
        ],
        [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5)],
        [(0, 2), (0, 3), (1, 3), (1, 4), (2, 5)],
    ),
    "fstr": (
        [
            'name="x"\nw=5',
            's=f"{name:>{w}}"',
            "print(s)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "walrus": (
        [
            "d=[1,2,3]",
            "if (n:=len(d))>2: m=n",
            "print(n,m)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "aug": (
        [
            "t=0",
            "t+=1",
            "t+=1",
            "print(t)",
            "l=[1]",
            "m=l",
            "l+=[2]",
            "print(m)",
        ],
        [(0, 1), (1, 2), (2, 3), (4, 5), (4, 6), (6, 7)],
        [(5, 6), (5, 7)],
    ),
    "nested": (
        [
            'cfg={"a":{"b":[1]}}',
            'inner=cfg["a"]["b"]',
            "inner.append(2)",
            "print(cfg)",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "query": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[1,2,3]})',
            "lim=1",
            'r=df.query("a>@lim")',
            "r2=df[df.a>lim]",
            'pd.eval("lim+1")',
        ],
        [(0, 2), (0, 3), (1, 2), (1, 3), (1, 4)],
        [],
    ),
    "apply": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[1,2,3]})',
            "k=2\ndef f(v): return v*k",
            'df["b"]=df.a.apply(f)',
            "print(df)",
            'df["c"]=df.a.map(lambda v:v+k)',
        ],
        [(0, 2), (1, 2), (1, 4), (2, 3), (2, 4)],
        [(0, 4)],
    ),
    "npinplace": (
        [
            "import numpy as np\na=np.array([3,1,2])",
            "a.sort()",
            "np.random.default_rng(0).shuffle(a)",
            "print(a)",
            "b=a.T\nb+=1",
            "print(a)",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4), (4, 5)],
        [],
    ),
    "iter": (
        [
            "it=iter([1,2,3])",
            "a=next(it)",
            "b=next(it)",
            "z=zip([1,2],[3,4])",
            "list(z)",
            "list(z)",
        ],
        [(0, 1), (1, 2), (3, 4), (4, 5)],
        [(0, 2)],
    ),
    "mpl": (
        [
            "import matplotlib.pyplot as plt\nfig,ax=plt.subplots()",
            "ax.plot([1,2])",
            'ax.set_title("t")',
            'fig.savefig("f.png")',
            'print(open("f.png","rb").read()[:4])',
            "fig",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 5), (3, 4)],
        [(0, 2), (0, 3)],
    ),
    "mpl2": (
        [
            "import matplotlib.pyplot as plt\nfig,(a1,a2)=plt.subplots(1,2)",
            "a1.plot([1])",
            "a2.plot([2])",
            'fig.savefig("x.png")',
        ],
        [(0, 1), (0, 2), (2, 3)],
        [(0, 3), (1, 3)],
    ),
    "multiindex": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[1,1,2],"b":[1,2,1],"v":[1.,2,3]}).set_index(["a","b"])',
            "s = df.loc[1].copy()",
            'df.loc[(1,1),"v"]=9',
            "print(df)",
            "print(s)",
            "g=df.groupby(level=0)",
            "print(g.sum())",
        ],
        [(0, 1), (0, 2), (1, 4), (2, 3), (2, 5), (5, 6)],
        [],
    ),
    "evalfn": (
        [
            "p=3\nq=4",
            "def calc(e): return eval(e)",
            'r=calc("p*2")',
            'def c2(): return eval("q+1")',
            "c2()",
        ],
        [(0, 2), (0, 4), (1, 2), (3, 4)],
        [],
    ),
    "setattr": (
        [
            "class O: pass\no=O()",
            'setattr(o,"v",3)',
            'print(getattr(o,"v"))',
            'o.__dict__["w"]=4',
            "print(o.w)",
        ],
        [(0, 1), (1, 2), (1, 3), (3, 4)],
        [(0, 2), (0, 3), (0, 4)],
    ),
    "dataclass": (
        [
            "from dataclasses import dataclass,field\n@dataclass\nclass P:\n    x:int\n    h:list=field(default_factory=list)",
            "p=P(1)",
            "p.h.append(2)",
            "print(p)",
            "q=p",
            "q.x=7",
            "print(p.x)",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4), (4, 5), (5, 6)],
        [(0, 3), (2, 5), (2, 6)],
    ),
    "environ": (
        [
            'import os\nos.environ["K"]="1"',
            'print(os.environ["K"])',
            'os.makedirs("sub",exist_ok=True)',
            'os.chdir("sub")',
            'open("f.txt","w").write("1")',
            'print(os.getcwd())\nopen("f.txt").read()',
        ],
        [(0, 1), (3, 5), (4, 5)],
        [(2, 3), (3, 4)],
    ),
    "ctx": (
        [
            "import contextlib\nlog=[]",
            "@contextlib.contextmanager\ndef t(n):\n    log.append(n)\n    yield n",
            'with t("a") as z: pass',
            "print(log,z)",
        ],
        [(0, 2), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "async": (
        [
            "import asyncio\nn=2\nasync def f(): return n*2",
            "v=await f()",
            "print(v)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "sklearn": (
        [
            "from sklearn.linear_model import LogisticRegression\nfrom sklearn.datasets import load_iris\nX,y=load_iris(return_X_y=True)",
            "m=LogisticRegression(max_iter=500)",
            "m.fit(X,y)",
            "p=m.predict(X)",
            "m.score(X,y)",
            "m",
        ],
        [(0, 2), (0, 3), (0, 4), (1, 2), (2, 3), (2, 4), (2, 5)],
        [(1, 3)],
    ),
    "pipe": (
        [
            "import numpy as np\nfrom sklearn.preprocessing import FunctionTransformer\nfrom sklearn.pipeline import make_pipeline\nk=2\ndef tr(X): return X*k",
            "pipe=make_pipeline(FunctionTransformer(tr))",
            "k=5",
            "pipe.fit_transform(np.ones((2,2)))",
        ],
        [(0, 1), (1, 3), (2, 3)],
        [(0, 3)],
    ),
    "feather": (
        [
            'import pandas as pd\ndf=pd.DataFrame({"a":[1]})',
            'df.to_feather("a.feather")',
            'pd.read_feather("a.feather")',
            'import pyarrow.parquet as pq, pyarrow as pa\npq.write_table(pa.table({"x":[1]}),"b.parquet")',
            'pq.read_table("b.parquet")',
            'import pyarrow.csv as pc\npc.write_csv(pa.table({"x":[1]}),"c.csv")',
            'pc.read_csv("c.csv")',
        ],
        [(0, 1), (1, 2), (3, 4), (5, 6)],
        [],
    ),
    "append": (
        [
            'open("l.txt","w").write("a")',
            'with open("l.txt","a") as f: f.write("b")',
            'open("l.txt").read()',
        ],
        [(0, 1), (1, 2)],
        [(0, 2)],
    ),
    "handle": (
        [
            'fh=open("h.txt","w")',
            'fh.write("x")',
            "fh.close()",
            'open("h.txt").read()',
        ],
        [(0, 1), (0, 3), (1, 2)],
        [(0, 2), (1, 3), (2, 3)],
    ),
    "tmp": (
        [
            "import tempfile,os\nd=tempfile.mkdtemp()",
            'p=os.path.join(d,"x.csv")',
            'open(p,"w").write("1")',
            "open(p).read()",
        ],
        [(0, 1), (1, 2), (1, 3), (2, 3)],
        [],
    ),
    "hist": (
        [
            "a=1",
            "def show(): print(a)",
            "show()",
            "a=[1]",
            "show()",
            "a.append(2)",
            "show()",
        ],
        [(0, 2), (1, 2), (1, 4), (1, 6), (3, 4), (3, 5), (5, 6)],
        [(3, 6)],
    ),
    "swap": (
        [
            "a=1\nb=2",
            "a,b=b,a",
            "print(a)",
            "del b",
            "c=a",
        ],
        [(0, 1), (1, 2), (1, 3), (1, 4)],
        [],
    ),
    "privname": (
        [
            "_tmp=[1]",
            "_tmp.append(2)",
            "print(_tmp)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "interleave": (
        [
            "a=[1]\nb=[2]",
            "pair=(a,b)",
            "pair[0].append(3)",
            "print(b)",
            "print(a)",
        ],
        [(0, 1), (0, 3), (1, 2), (2, 4)],
        [(0, 4)],
    ),
    "npz": (
        [
            "import numpy as np\nx=np.arange(3)",
            'np.savez("a.npz",x=x)',
            'z=np.load("a.npz")',
            'print(z["x"])',
            'np.savetxt("t.txt",x)',
            'np.loadtxt("t.txt")',
        ],
        [(0, 1), (0, 4), (1, 2), (2, 3), (4, 5)],
        [(1, 3)],
    ),
    "joblib": (
        [
            'import joblib\nm={"a":1}',
            'joblib.dump(m,"m.pkl")',
            'joblib.load("m.pkl")',
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "mapdel": (
        [
            'd={"a":[1]}',
            'x=d.pop("a")',
            "x.append(1)",
            "print(d)",
        ],
        [(0, 1), (1, 2), (1, 3)],
        [(0, 3)],
    ),
    "method": (
        [
            "xs=[1]\nadd=xs.append",
            "add(2)",
            "print(xs)",
        ],
        [(0, 1), (1, 2)],
        [(0, 2)],
    ),
    "prop": (
        [
            "rate=2\nclass P:\n    def __init__(s,v): s.v=v\n    @property\n    def d(s): return s.v*rate",
            "p=P(3)",
            "rate=4",
            "print(p.d)",
        ],
        [(0, 1), (1, 3), (2, 3)],
        [(0, 3)],
    ),
    "cached": (
        [
            "from functools import cached_property\nclass Q:\n    def __init__(s,v): s.v=v\n    @cached_property\n    def d(s): return s.v*2",
            "q=Q(1)",
            "print(q.d)",
            "print(q.d)",
        ],
        [(0, 1), (1, 2), (1, 3)],
        [(0, 2), (0, 3), (2, 3)],
    ),
    "logging": (
        [
            'import logging\nlog=logging.getLogger("a")',
            'log.info("x")',
            'log.info("y")',
        ],
        [(0, 1), (0, 2)],
        [],
    ),
    "thread": (
        [
            "import threading\nr=[]\ndef w(): r.append(1)",
            "t=threading.Thread(target=w)",
            "t.start()\nt.join()",
            "print(r)",
        ],
        [(0, 1), (0, 2), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "tupl": (
        [
            "t=([1],2)",
            "a,b=t",
            "a.append(5)",
            "print(t)",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "kwdef": (
        [
            "acc=[]\ndef f(x,store=acc):\n    store.append(x)",
            "f(1)",
            "print(acc)",
            "f(2)",
        ],
        [(0, 1), (1, 2), (1, 3)],
        [(0, 2), (0, 3)],
    ),
    "recur": (
        [
            "memo={}\ndef fib(n):\n    if n<2: return n\n    if n not in memo: memo[n]=fib(n-1)+fib(n-2)\n    return memo[n]",
            "fib(10)",
            "print(len(memo))",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "undefined": (
        [
            "def later(): return zz",
            "zz=1",
            "later()",
            "del zz",
            "zz=[3]",
            "later()",
        ],
        [(0, 2), (0, 5), (1, 2), (1, 3), (4, 5)],
        [],
    ),
    "timeit": (
        [
            "data=list(range(10))",
            "%timeit -n1 -r1 sum(data)",
            "%%timeit -n1 -r1 y=data\nlen(y)",
            "%%time\nt=len(data)",
            "%%capture cap\nprint(t)",
            "cap.stdout",
            "%time u=t+1",
            "print(u)",
        ],
        [(0, 1), (0, 2), (0, 3), (3, 4), (3, 6), (4, 5), (6, 7)],
        [],
    ),
    "script": (
        [
            'open("s.py","w").write("vv=inp*2")\ninp=4',
            "%run -i s.py",
            "print(vv)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "ipyvars": (
        [
            "a=1",
            'get_ipython().user_ns["b"]=a+1',
            'c=get_ipython().user_ns["b"]',
            "print(c)",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [],
    ),
    "match": (
        [
            'cmd=("go",3)\nclass Pt:\n    __match_args__=("x",)\n    def __init__(s,x): s.x=x',
            'match cmd:\n    case ("go",n): r=n\n    case Pt(x=q): r=q\n    case _: r=0',
            "print(r,n)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "excn": (
        [
            "e=5",
            "try:\n    1/0\nexcept ZeroDivisionError as err:\n    m=str(err)",
            "print(m,e)",
        ],
        [(0, 2), (1, 2)],
        [],
    ),
    "condimp": (
        [
            "try:\n    import nonexist\nexcept ImportError:\n    nonexist=None",
            "print(nonexist)",
        ],
        [(0, 1)],
        [],
    ),
    "factory": (
        [
            "def outer(a):\n    def mid(b):\n        def inner(c): return a+b+c+top\n        return inner\n    return mid",
            "top=1",
            "i=outer(1)(2)",
            "print(i(3))",
            "top=2",
            "print(i(3), outer(1)(2)(3))",
        ],
        [(0, 2), (0, 5), (1, 3), (2, 3), (2, 5), (4, 5)],
        [],
    ),
    "lazymap": (
        [
            "def sq(x): return x*x+c",
            "c=1",
            "m=map(sq,[1,2])",
            "c=5",
            "r=list(m)",
            "s=list(map(sq,[1]))",
        ],
        [(0, 2), (0, 5), (2, 4), (3, 4), (3, 5)],
        [(0, 4)],
    ),
    "patched": (
        [
            "class M:\n    def f(self): return 1",
            "m=M()",
            "gg=5\ndef g(self): return 2+gg",
            "gg=6",
            "M.f=g",
            "print(m.f())",
        ],
        [(0, 1), (0, 4), (1, 5), (2, 4), (3, 5), (4, 5)],
        [(2, 5)],
    ),
    "operators": (
        [
            "class V:\n    def __init__(s,x): s.x=x\n    def __add__(s,o): return V(s.x+o.x+eps)\n    def __call__(s): return s.x*eps\n    def __repr__(s): return f'V({s.x})'",
            "eps=0.5",
            "a=V(1)",
            "print(a)\na",
            "a.x=9",
            "b=a+a",
            "c=a()",
        ],
        [(0, 2), (1, 5), (1, 6), (2, 3), (2, 4), (4, 5), (4, 6)],
        [(0, 3), (0, 4), (0, 5), (0, 6)],
    ),
    "setter": (
        [
            "class T:\n    @property\n    def c(s): return s._c*unit\n    @c.setter\n    def c(s,v): s._c=v*scale",
            "unit=2",
            "scale=3",
            "t=T()",
            "t.c=5",
            "print(t.c)",
        ],
        [(0, 3), (1, 5), (2, 4), (3, 4), (4, 5)],
        [(0, 4), (0, 5)],
    ),
    "parts": (
        [
            "xs=[1,2,3]",
            "it=(x for x in xs)",
            "a=next(it)",
            "xs.append(4)",
            "print(list(it))",
        ],
        [(0, 1), (0, 3), (1, 2), (2, 4), (3, 4)],
        [],
    ),
    "copied": (
        [
            "import copy, weakref\nclass O: pass\no=O(); o.d=[1]",
            "c=copy.copy(o)",
            "e=copy.deepcopy(o)",
            "w=weakref.ref(o)",
            "w().z=1",
            "print(o.z)",
        ],
        [(0, 1), (0, 2), (0, 3), (3, 4), (4, 5)],
        [(0, 4), (0, 5)],
    ),
    "buffer": (
        [
            "import io, logging\nstream=io.StringIO()",
            "lg=logging.getLogger('buffered'); lg.addHandler(logging.StreamHandler(stream))",
            "lg.warning('w')",
            "print(stream.getvalue())",
            "print(stream.getvalue())",
        ],
        [(0, 1), (1, 2), (2, 3), (2, 4)],
        [(0, 3), (0, 4)],
    ),
    "columns": (
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1,2],'b':[3,4]})",
            "df['c']=df['a']+1",
            "df['d']=df['b']*2",
            "s=df['c'].sum()",
            "print(df[['c','d']])",
            "df.loc[0,'a']=9",
            "u=df.c+df.a",
            "def feature(x): x['e']=x.a*2",
            "feature(df)",
            "df['f']=1",
            "print(df['e'])",
            "df=df[df.a>2]",
            "print(df['c'])",
        ],
        [
            (0, 1),
            (0, 2),
            (1, 3),
            (1, 4),
            (2, 4),
            (2, 5),
            (1, 6),
            (5, 6),
            (5, 8),
            (7, 8),
            (8, 9),
            (8, 10),
            (9, 11),
            (11, 12),
        ],
        [(1, 2), (2, 3), (9, 10)],
    ),
    "runinside": (
        [
            "k=3",
            "%%writefile t.py\nres=k*2",
            "%run -i t.py",
            "print(res)",
        ],
        [(0, 2), (1, 2), (2, 3)],
        [],
    ),
    "filledin": (
        [
            "a=1\nb=2",
            "c=3",
            "s='{a} {c:>4}'.format(**globals())",
            "t='%(c)s' % globals()",
            "print(s,t)",
        ],
        [(0, 2), (1, 2), (1, 3), (2, 4), (3, 4)],
        [],
    ),
    "formula": (
        [
            "import pandas as pd, statsmodels.formula.api as smf\ndf=pd.DataFrame({'x':[1.,2,3,5],'y':[2.,4,6,9]})",
            "pw=2",
            "def tr(v): return v**pw",
            "m=smf.ols('y~tr(x)',data=df).fit()",
            "pw=3",
            "print(m.rsquared)",
            "m.predict(df)",
        ],
        [(0, 3), (0, 6), (1, 3), (2, 3), (3, 5), (3, 6), (4, 6)],
        [(2, 6)],
    ),
    "editlarge": (
        [
            "L=list(range(200000))\nD={i:[i] for i in range(50000)}",
            "D[40000].append(5)",
            "L.append(1)",
            "print(D[40000])",
            "print(sum(L))",
        ],
        [(0, 1), (0, 2), (1, 3), (2, 4)],
        [],
    ),
    "inplace": (
        [
            "import pandas as pd\ndf=pd.DataFrame({'a':[1,2]})",
            "df.dropna(inplace=True)",
            "print(df)",
        ],
        [(0, 1), (1, 2)],
        [],
    ),
    "refit": (
        [
            "import numpy as np\nfrom sklearn.linear_model import LinearRegression\nX=np.arange(6.).reshape(3,2); y=X[:,0]",
            "m=LinearRegression()",
            "m.fit(X,y)",
            "p=m.predict(X)",
            "m.fit(X,y)",
            "p=m.predict(X)",
        ],
        [(0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (2, 3), (2, 4), (4, 5)],
        [],
    ),
    "dispatch": (
        [
            "from functools import singledispatch\nbase=1\n@singledispatch\ndef show(x): return base",
            "@show.register\ndef of_int(x:int): return x+base2",
            "base2=5",
            "print(show(3))",
            "base2=6",
            "print(show(3))",
        ],
        [(0, 1), (1, 3), (1, 5), (2, 3), (4, 5)],
        [(0, 3), (0, 5)],
    ),
    "memory": (
        [
            "b=bytearray(b'abc')",
            "m=memoryview(b)",
            "m[0]=120",
            "print(b)",
        ],
        [(0, 1), (1, 2), (2, 3)],
        [(0, 3)],
    ),
    "vectorized": (
        [
            "import numpy as np\nk=3",
            "f=np.vectorize(lambda x: x*k)",
            "k=4",
            "print(f([1,2]))",
        ],
        [(1, 3), (2, 3)],
        [(0, 1)],
    ),
    "strategies": (
        [
            "w=2\ndef s1(x): return x*w",
            "class Ctx: pass\nc=Ctx()",
            "c.run=s1",
            "w=4",
            "print(c.run(1))",
            "table={'a':s1}",
            "table['a'](2)",
            "d={'f':s1}; y=d['f'](1)",
        ],
        [(0, 2), (0, 5), (0, 7), (1, 2), (2, 4), (3, 4), (3, 6), (3, 7), (5, 6)],
        [(0, 4), (1, 4)],
    ),
    "mapmethod": (
        [
            "import pandas as pd\ns=pd.Series(['a','b'])",
            "w=2",
            "def enc(v): return v*w",
            "e=s.map(enc)",
        ],
        [(0, 3), (1, 3), (2, 3)],
        [],
    ),
    "sed": (
        [
            "open('l.txt','w').write('a')",
            "!sed -i.bak 's/a/z/' l.txt",
            "!echo x > l.txt",
            "print(open('l.txt').read())",
        ],
        [(0, 1), (2, 3)],
        [],
    ),
    "namespace": (
        [
            "ns={}\nexec('z=5',ns)",
            "print(ns['z'])",
            "print(ns['z'])",
            "g=globals()",
            "k=1",
            "print(g['k'])",
            "print(len(g))",
        ],
        [(0, 1), (0, 2), (3, 5), (3, 6)],
        [],
    ),
}


@pytest.fixture(scope="module")
def flows(tmp_path_factory):
    env = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("temporary"))}
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HOUSE, env=env
    ) as process:

        def run(cells):
            process.stdin.write(json.dumps(cells) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()


@pytest.mark.parametrize("name", CASES)
def test_exactly_the_true_flows_are_found(flows, name):
    """Every required pair, and none beyond the accepted ones."""
    cells, must, may = CASES[name]
    for package in ("sklearn", "statsmodels"):
        if any(package in cell for cell in cells):
            pytest.importorskip(package)
    if any("matplotlib" in cell for cell in cells):
        pytest.importorskip("matplotlib")
    if any("parquet" in cell or "feather" in cell for cell in cells):
        pytest.importorskip("pyarrow")

    pairs, errors = flows(cells)

    found = {(writer, reader) for writer, reader, _ in pairs}
    assert errors == []
    assert set(must) <= found
    assert found <= {*must, *may}, pairs
