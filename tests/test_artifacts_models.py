"""Models: content ids without identities, canonical skops, and the pickle that is marked unsafe."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("skops")

from sklearn.base import clone
from sklearn.cluster import Birch, KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from skops import io as skops_io

from swarmprov_nb.artifacts.models import UNSAFE, Models
from swarmprov_nb.artifacts.registry import family_of

MODELS = Models()
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 4))
Y = (X[:, 0] > 0).astype(int)
ESTIMATORS = {
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": RandomForestClassifier(8, random_state=0),
    "forest with a random state": RandomForestClassifier(4, random_state=np.random.RandomState(1)),
    "boosting": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "tree": DecisionTreeClassifier(random_state=0),
    "neighbours": KNeighborsClassifier(),
    "support vectors": SVC(),
    "means": KMeans(3, n_init=2, random_state=0),
    "bayes": GaussianNB(),
    "descent": SGDClassifier(random_state=0),
    "function": make_pipeline(FunctionTransformer(np.tanh), LogisticRegression()),
}


def written(value):
    stream = io.BytesIO()
    encoded = MODELS.encode(value, stream)
    return stream.getvalue(), encoded


def loaded(data):
    return skops_io.loads(data, trusted=skops_io.get_untrusted_types(data=data))


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_refit_has_the_same_id_and_the_same_bytes(name):
    """Fitting again on the same data gives the same content id and, byte for byte, the same file."""
    first, second = (clone(ESTIMATORS[name]).fit(X, Y) for _ in range(2))
    data, encoded = written(first)

    assert (encoded.suffix, encoded.warnings) == (".skops", ())
    assert data == written(first)[0] == written(second)[0]
    assert MODELS.content_id(first) == MODELS.content_id(second)
    assert MODELS.content_id(first).startswith("model-v1:sha256:")


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_stored_model_loads_and_predicts_the_same(name):
    """skops loads the canonical file; predictions and content id are those of the original."""
    model = clone(ESTIMATORS[name]).fit(X, Y)
    identity = MODELS.content_id(model)
    back = loaded(written(model)[0])

    assert np.array_equal(back.predict(X), model.predict(X))
    assert MODELS.content_id(back) == identity
    assert MODELS.content_id(model) == identity, "predicting changes no content"


def test_other_parameters_and_other_data_are_other_content():
    """What was asked for and what was learnt both count."""
    models = [LogisticRegression().fit(X, Y), LogisticRegression(C=2).fit(X, Y), LogisticRegression().fit(X, 1 - Y)]

    assert len({MODELS.content_id(model) for model in models}) == len(models)


def test_another_process_writes_the_same_bytes():
    """Hash seeds and memory addresses of a process are no content: two processes agree on id and bytes."""
    code = (
        "import sys, pickle, io, hashlib; from swarmprov_nb.artifacts.models import Models\n"
        "model = pickle.load(sys.stdin.buffer); stream = io.BytesIO(); Models().encode(model, stream)\n"
        "print(Models().content_id(model), hashlib.sha256(stream.getvalue()).hexdigest())"
    )
    texts = CountVectorizer(stop_words=["the", "a", "of"]).fit(["the colour of a bill", "words in a set"])
    model = make_pipeline(StandardScaler(), RandomForestClassifier(4, random_state=0)).fit(X, Y)
    for value in (texts, model):
        runs = {
            subprocess.run(
                [sys.executable, "-Wignore", "-c", code], input=pickle.dumps(value), stdout=subprocess.PIPE, check=True,
                cwd=Path(__file__).parent.parent, env={**os.environ, "PYTHONHASHSEED": seed},
            ).stdout.decode().strip()
            for seed in ("1", "2")
        }  # fmt: skip
        here = f"{MODELS.content_id(value)} {hashlib.sha256(written(value)[0]).hexdigest()}"

        assert runs == {here}


def test_a_skops_file_holds_no_time_and_no_address():
    """Entries are numbered from 1, dated 1980, and each array stands once."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    with zipfile.ZipFile(io.BytesIO(written(model)[0])) as archive:
        names, dates = archive.namelist(), {entry.date_time for entry in archive.infolist()}

    assert names == [*(f"{number}.npy" for number in range(1, len(names))), "schema.json"]
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_dicts_keep_their_order():
    """Keys of a dict stay beside their types: a column transformer with mixed keys predicts as before."""
    frame = pd.DataFrame({"kind": ["a", "b"] * 60, "mass": X[:, 1]})
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["kind"]), (StandardScaler(), ["mass"])),
        LogisticRegression(class_weight={1: 2.0, 0: 1.0}),
    ).fit(frame, Y)
    back = loaded(written(model)[0])

    assert np.array_equal(back.predict(frame), model.predict(frame))
    assert back[-1].class_weight == {1: 2.0, 0: 1.0}
    assert list(back[-1].class_weight) == [1, 0]


def test_what_skops_refuses_is_pickled_and_marked():
    """A pickle is the last resort, and the warning says that it is unsafe to load from strangers."""
    model = Birch(n_clusters=2).fit(X)
    data, encoded = written(model)

    assert encoded.suffix == ".pkl"
    assert UNSAFE in encoded.warnings[0]
    assert np.array_equal(pickle.loads(data).predict(X), model.predict(X))


def test_without_skops_a_pickle_says_how_to_get_it(monkeypatch):
    """Where skops is missing, the warning names what to install."""
    monkeypatch.setitem(sys.modules, "skops", None)
    encoded = written(LogisticRegression().fit(X, Y))[1]

    assert encoded.suffix == ".pkl"
    assert "swarmprov-nb[ml]" in encoded.warnings[0]


def test_fitted_models_are_recognised_and_all_may_be_declared():
    """An estimator is recognised once it is fitted; a person may declare any."""
    bare, fitted = LogisticRegression(), LogisticRegression().fit(X, Y)

    assert family_of(bare) is None
    assert family_of(bare, declared=True).name == "models"
    assert family_of(fitted).name == "models"
    assert family_of(LogisticRegression) is None


def test_description_is_for_people():
    """Class, features and classes, in words."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)

    assert MODELS.describe(model).kind == "model"
    assert MODELS.describe(model).summary == "StandardScaler → LogisticRegression, 4 features, 2 classes"
    assert MODELS.describe(GaussianNB()).summary == "GaussianNB, not fitted"
