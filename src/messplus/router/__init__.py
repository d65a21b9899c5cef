"""The shell around a policy: decisions with names, feedback that may come late, a log that outlives us."""

from messplus.router.engine import Engine, Zoo, adaptive_engine
from messplus.router.explain import Candidate, Explanation
from messplus.router.restore import Verified, verify
from messplus.router.route import About, Key, Receipt, Route, Routed, Told
from messplus.router.router import Router
from messplus.router.standing import ModelStanding, Reachable, Standing

__all__ = [
    "About",
    "Candidate",
    "Engine",
    "Explanation",
    "Key",
    "ModelStanding",
    "Reachable",
    "Receipt",
    "Route",
    "Routed",
    "Router",
    "Standing",
    "Told",
    "Verified",
    "Zoo",
    "adaptive_engine",
    "verify",
]
