"""The shell around a policy: decisions with names, feedback that may come late, a log that outlives us."""

from messplus.router.adaptive import adaptive_route
from messplus.router.route import Receipt, Route, Routed
from messplus.router.router import Router

__all__ = ["Receipt", "Route", "Routed", "Router", "adaptive_route"]
