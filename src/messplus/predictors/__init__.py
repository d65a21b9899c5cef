"""Who predicts satisfaction: one file each, all behind `messplus.core.types.Predictor`.

mean          running mean per model, blind to the request
logistic      online Bayesian logistic regression: second-order updates, no learning rate
hierarchical  one Bayesian logistic regression of all models: a verdict on one teaches the others
knn           k nearest neighbours
mixture       four of these, weighted by how well they have predicted
experts       those that the adaptive policy mixes
mlp           the paper's head, trained by SGD                       (torch extra)
"""

from collections.abc import Mapping
from typing import Any

from messplus import specs
from messplus.core.types import Predictor
from messplus.errors import require_extra, unknown
from messplus.predictors.hierarchical import Hierarchical
from messplus.predictors.knn import NearestNeighbours
from messplus.predictors.logistic import OnlineLogistic
from messplus.predictors.mean import RunningMean
from messplus.predictors.mixture import MixtureSettings

_PREDICTORS: Mapping[str, type[Predictor[Any]]] = {
    "mean": RunningMean,
    "logistic": OnlineLogistic,
    "hierarchical": Hierarchical,
    "knn": NearestNeighbours,
}
NAMES = (*_PREDICTORS, "mixture", "mlp")


def predictor_from_spec(text: str) -> Predictor[Any]:
    """The predictor that a spec such as `logistic` or `knn:k=20` names.

    Raises:
        SettingError: The name or an option is unknown, or a value is out of range.
        MissingExtraError: `mlp` without the torch extra.
    """
    spec = specs.parse(text)
    if spec.name == "mixture":
        return specs.settings(MixtureSettings, spec, "predictor").build()
    if spec.name == "mlp":
        require_extra("torch", ["torch"], "the mlp predictor")
        from messplus.predictors.mlp import TorchHead  # torch is imported where its layer starts

        return specs.settings(TorchHead, spec, "predictor")
    if spec.name not in _PREDICTORS:
        raise unknown("predictor", spec.name, NAMES)
    return specs.settings(_PREDICTORS[spec.name], spec, "predictor")
