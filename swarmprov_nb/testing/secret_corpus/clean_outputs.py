"""Outputs and tables without a secret: pictures, plots as JSON, logs, hashes of files, sequences, long numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Final

from swarmprov_nb.testing.secret_corpus.draw import Draw
from swarmprov_nb.testing.secret_corpus.placing import Cell, printed, shown


def _frame(draw: Draw) -> Cell:
    rows = [(draw.uuid(), draw.digest("md5"), round(draw.random.gauss(0, 1), 12)) for _ in range(6)]
    cells = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>\n" for row in rows)
    text = "\n".join(" ".join(map(str, row)) for row in rows)
    return shown({"text/html": f'<table border="1" class="dataframe">\n{cells}</table>', "text/plain": text})


def _plot(draw: Draw) -> Cell:
    trace = {"x": [draw.number(0, 10**6) for _ in range(20)], "y": [draw.random.random() for _ in range(20)]}
    name = draw.uuid()
    call = f'Plotly.newPlot("{name}", {json.dumps([trace])}, {{"key": "value"}})'
    page = f'<div id="{name}"></div><script>{call}</script>'
    return shown({"text/html": page, "text/plain": "<Figure>"})


def _image(draw: Draw) -> Cell:
    return shown({"image/png": draw.picture(), "text/plain": "<Figure size 640x480 with 1 Axes>"})


def _inline(draw: Draw) -> Cell:
    return shown({"text/html": f'<img src="data:image/png;base64,{base64.b64encode(draw.bytes(1500)).decode()}">'})


def _vector(draw: Draw) -> Cell:
    path = " ".join(f"L {draw.random.random() * 900:.6f} {draw.random.random() * 500:.6f}" for _ in range(40))
    defs = f'<defs><clipPath id="p{draw.hex(5)}"><rect/></clipPath></defs>'
    return shown({"text/html": f'<svg xmlns="http://www.w3.org/2000/svg">{defs}<path d="M 0 0 {path}"/></svg>'})


def _widget(draw: Draw) -> Cell:
    return shown({"text/plain": f"IntSlider(value=7, description='n', model_id='{draw.hex(16)}')"})


def _sums(draw: Draw) -> Cell:
    name = draw.pick("md5", "sha1", "sha256", "sha512")
    return printed("".join(f"{draw.digest(name)}  data/{draw.word()}-{n}.parquet\n" for n in range(6)))


def _training(draw: Draw) -> Cell:
    lines = [f"Epoch {n}/5 - loss: {draw.random.random():.16f} - tokens: {draw.number(1, 10**9)}" for n in range(1, 6)]
    return printed("\n".join([*lines, f"saved checkpoint {draw.hex(20)}", f"run id {draw.uuid()}", ""]))


def _install(draw: Draw) -> Cell:
    wheel = f"{draw.word()}-1.{draw.number(0, 20)}-py3-none-any.whl"
    return printed(f"Downloading {wheel} (52 kB)\n  Created wheel: sha256={draw.digest()}\nSuccessfully built\n")


def _failure(draw: Draw) -> Cell:
    trace = ["\x1b[31mTypeError\x1b[39m: login() missing 1 argument: 'password'", f"  at 0x{draw.hex(6)}, token=None"]
    return {"output_type": "error", "ename": "TypeError", "evalue": "login() missing 'password'", "traceback": trace}


def _log(draw: Draw) -> Cell:
    lines = [f'2026-03-0{n} 10:00:00,123 INFO request {draw.uuid()} etag="{draw.hex(16)}"' for n in range(1, 6)]
    return printed("\n".join([*lines, "INFO using token from the environment", "INFO password: *** (hidden)", ""]))


def _summary(draw: Draw) -> Cell:
    values = {"manifest": draw.digest(), "content": draw.digest(), "tx": "0x" + draw.hex(32)}
    return shown({"text/plain": repr(values)})


OUTPUTS: Final[tuple[Callable[[Draw], Cell], ...]] = (
    *(_frame, _plot, _image, _inline, _vector, _widget, _sums, _training, _install, _failure, _log, _summary),
)


def _penguins(draw: Draw) -> str:
    rows = [f"{draw.pick('Adelie', 'Gentoo')},Torgersen,{39 + draw.random.random():.3f},18.7,181" for _ in range(80)]
    return "\n".join(["species,island,bill,depth,flipper", *rows])


def _hashes(draw: Draw) -> str:
    rows = [f"file{n}.bin,{draw.number(1, 10**9)},{draw.digest()},{draw.digest('sha1')}" for n in range(30)]
    return "\n".join(["path,size,sha256,git", *rows])


def _users(draw: Draw) -> str:
    rows = [f"{draw.uuid()},{draw.digest('md5')},{draw.pick('true', 'false')},{draw.number(0, 99)}" for _ in range(30)]
    return "\n".join(["user_key,session,has_password,token_count", *rows])


def _genes(draw: Draw) -> str:
    return "\n".join(["id,sequence", *(f"ENSG{draw.number(10**10, 10**11)},{draw.of('ACGT', 120)}" for _ in range(30))])


def _chain(draw: Draw) -> str:
    rows = [f"{n},0x{draw.hex(32)},0x{draw.hex(20)},{draw.number(1, 10**18)}" for n in range(10**7, 10**7 + 30)]
    return "\n".join(["block,transaction,account,wei", *rows])


def _words(draw: Draw) -> str:
    rows = [f"{draw.word()},{draw.number(1, 10**4)},{draw.random.random():.17f}" for _ in range(40)]
    return "\n".join(["token,count,weight", "password,12,0.25", "secret,3,0.125", "key,1,0.5", *rows])


TABLES: Final[tuple[Callable[[Draw], str], ...]] = (_penguins, _hashes, _users, _genes, _chain, _words)
