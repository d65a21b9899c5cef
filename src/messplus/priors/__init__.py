"""Warm start: what was learned from recorded outcomes, kept in a file, and started from."""

from messplus.priors.fit import fit
from messplus.priors.prior import Prior, Start
from messplus.priors.store import load, save

__all__ = ["Prior", "Start", "fit", "load", "save"]
