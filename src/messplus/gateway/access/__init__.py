"""Who may call the gateway, how often, and what for how much."""

from messplus.gateway.access.budget import Budgets
from messplus.gateway.access.keys import ANYBODY, Caller, Keys, Unauthorized
from messplus.gateway.access.meters import Meters
from messplus.gateway.access.rate import Allowance, Rates

__all__ = ["ANYBODY", "Allowance", "Budgets", "Caller", "Keys", "Meters", "Rates", "Unauthorized"]
