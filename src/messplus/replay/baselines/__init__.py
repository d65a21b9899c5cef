"""The field's routers, one file each, behind the protocol that every policy has.

blind      fixed probabilities: one model, or the paper's educated guessing
trained    routers that are trained first: collecting, training, handing over
frozen     ... given a setting of their knob that reaches alpha, and frozen
priced     ... that predict satisfaction and cost, and choose by a multiplier
knn        nearest neighbours (RouterBench)
mlp        a perceptron (RouterBench)
svm        support vectors
carrot     regressions of score and cost (CARROT)
irt        abilities, difficulty and discrimination (IRT-Router)
cluster    models' profiles in clusters of requests (Avengers-Pro)
port       nearest neighbours, and a price that is solved once (PORT)
routellm   the win probability of a strong model over a weak one (RouteLLM)
routerdc   the model whose trained embedding is nearest (RouterDC)
pacer      online routers that pace a price of satisfaction, as ParetoBandit paces a price of money
linucb     ... with upper confidence bounds (LinUCB)
thompson   ... with samples of the posterior
messplus_sqrt  MESS+ whose V grows with the root of time
running_mix    the static mix with running means, blind to the request
cascade    two models and a check between them (FrugalGPT)
"""

from collections.abc import Mapping
from typing import Any

from messplus.replay.baselines.blind import (
    AlwaysSettings,
    CheapestSettings,
    LargestSettings,
    RandomConstrainedSettings,
)
from messplus.replay.baselines.carrot import CarrotSettings
from messplus.replay.baselines.cascade import CascadeSettings
from messplus.replay.baselines.cluster import ClusterSettings
from messplus.replay.baselines.irt import IrtSettings
from messplus.replay.baselines.knn import KnnSettings
from messplus.replay.baselines.linucb import LinUcbSettings
from messplus.replay.baselines.messplus_sqrt import MessPlusSqrtSettings
from messplus.replay.baselines.mlp import MlpSettings
from messplus.replay.baselines.port import PortSettings
from messplus.replay.baselines.routellm import RouteLLMSettings
from messplus.replay.baselines.routerdc import RouterDCSettings
from messplus.replay.baselines.running_mix import RunningMixSettings
from messplus.replay.baselines.svm import SvmSettings
from messplus.replay.baselines.thompson import ThompsonSettings

BASELINES: Mapping[str, type[Any]] = {
    "always": AlwaysSettings,
    "cheapest": CheapestSettings,
    "largest": LargestSettings,
    "random-constrained": RandomConstrainedSettings,
    "knn": KnnSettings,
    "mlp": MlpSettings,
    "svm": SvmSettings,
    "carrot": CarrotSettings,
    "irt": IrtSettings,
    "cluster": ClusterSettings,
    "routellm": RouteLLMSettings,
    "routerdc": RouterDCSettings,
    "port": PortSettings,
    "linucb": LinUcbSettings,
    "thompson": ThompsonSettings,
    "messplus-sqrt": MessPlusSqrtSettings,
    "running-mix": RunningMixSettings,
    "cascade": CascadeSettings,
}
"""Settings of every baseline, by the name of its policy; each has `build(stream)`."""
