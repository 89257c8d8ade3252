"""Models: scikit-learn's estimators, written as skops (https://skops.readthedocs.io), which loads without pickle.

The content id ``model-v1:sha256:HEX`` is the canonical digest (`swarmprov_nb.artifacts.canonical`) of the estimator:
class, parameters and fitted attributes, without identities and without the version that fitted it. Where an estimator
holds what has no such digest, ``model-skops-v1:sha256:HEX`` is the sha256 of its canonical skops file, and where skops
refuses too, ``model-pickle-v1:sha256:HEX`` that of its pickle.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import sys
from typing import Any, BinaryIO

from swarmprov_nb.artifacts.canonical import NotCanonical, object_digest
from swarmprov_nb.artifacts.family import Description, Encoded

UNSAFE = "unsafe to load from strangers"
_PROTOCOL = 5
_COUNTS = (("n_features_in_", "feature"), ("n_outputs_", "output"), ("n_clusters", "cluster"))


class Models:
    """The family of scikit-learn estimators: fitted ones are recognised, any may be declared.

    >>> Models().matches("no model")
    False
    """

    name = "models"

    def matches(self, value: Any) -> bool:
        """Say whether it is a fitted estimator."""
        return issubclass(type(value), _kinds()) and _fitted(value)

    def declarable(self, value: Any) -> bool:
        """Say whether it is an estimator, fitted or not."""
        return isinstance(value, _kinds())

    def describe(self, value: Any) -> Description:
        """Say its class, its steps, its features and its classes."""
        name = type(value).__name__
        steps = getattr(value, "steps", None)
        if isinstance(steps, list):
            name = " → ".join(type(step).__name__ for _, step in steps)
        counts = [(getattr(value, attribute, None), word) for attribute, word in _COUNTS]
        counts.append((len(getattr(value, "classes_", ())) or None, "class"))
        said = [_count(number, word) for number, word in counts if isinstance(number, int)]
        return Description("model", None, None, ", ".join([name, *said, *(() if _fitted(value) else ("not fitted",))]))

    def content_id(self, value: Any) -> str:
        """Name its class, parameters and fitted attributes."""
        try:
            return f"model-v1:sha256:{object_digest(value).hex()}"
        except NotCanonical:
            stream = io.BytesIO()
            kind = "skops" if self.encode(value, stream).suffix == ".skops" else "pickle"
            return f"model-{kind}-v1:sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}"

    def encode(self, value: Any, stream: BinaryIO) -> Encoded:
        """Write canonical skops; where skops is missing or refuses, a pickle marked unsafe to load from strangers."""
        from swarmprov_nb.artifacts.skops_file import NotSkops, write_skops

        try:
            return write_skops(value, stream)
        except NotSkops as refused:
            pickle.dump(value, stream, protocol=_PROTOCOL)
            return Encoded("application/octet-stream", ".pkl", (f"{refused}; stored as a pickle: {UNSAFE}",))


def _kinds() -> Any:
    return getattr(sys.modules.get("sklearn.base"), "BaseEstimator", ())


def _count(number: int, word: str) -> str:
    plural = word + ("es" if word.endswith("s") else "s")
    return f"{number:,} {word if number == 1 else plural}"


def _fitted(value: Any) -> bool:
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(value)
    except Exception:  # noqa: BLE001 - a stranger's estimator; whatever it answers, it did not say that it is fitted
        return False
    return True
