"""What another policy would have done, estimated from a log of what one policy did.

Pure functions over arrays. Symbols, and their names here:

    x_i, A_i       row i of Logged       a request and the models that could be asked, in order of time
    m_i            logged.chosen         the model that was chosen
    e_i            logged.propensity     probability, given the past, that m_i was chosen
    y_i            Target.known          what came of it: satisfaction, or what was spent
    f_i(m)         Target.predicted      what was expected of each model, before anything was known
    q_i(m)         plan (N, M)           probability with which the other policy would choose m
    w_i            q_i(m_i) / e_i        weight

docs/explanation/off-policy.md derives the estimates and says when they are refused.
"""

from messplus.offpolicy.estimates import METHODS, Estimate, Method, Refused
from messplus.offpolicy.gather import gather
from messplus.offpolicy.logged import Logged, Verdicts
from messplus.offpolicy.plans import always, priced
from messplus.offpolicy.value import Value, evaluate
from messplus.offpolicy.what_if import Line, WhatIf, what_if

__all__ = [
    "METHODS",
    "Estimate",
    "Line",
    "Logged",
    "Method",
    "Refused",
    "Value",
    "Verdicts",
    "WhatIf",
    "always",
    "evaluate",
    "gather",
    "priced",
    "what_if",
]
