"""What the log proves: pure statistics over the events of a router, for people who must rely on it.

A fold over events, like everything that a router knows: `Evidence` grows by one event at a time, in
time and room that do not depend on how long the log is. docs/explanation/evidence.md derives the
estimates.
"""

from messplus.evidence.fold import Evidence, Watcher, evidence_of
from messplus.evidence.model import ModelEvidence
from messplus.evidence.promise import PromiseEvidence
from messplus.evidence.satisfaction import Satisfaction
from messplus.evidence.status import Status, Verdict, verdict_on

__all__ = [
    "Evidence",
    "ModelEvidence",
    "PromiseEvidence",
    "Satisfaction",
    "Status",
    "Verdict",
    "Watcher",
    "evidence_of",
    "verdict_on",
]
