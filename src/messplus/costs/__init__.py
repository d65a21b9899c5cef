"""What a request costs on each model, known on arrival or estimated.

`Known`, `RunningMean` and `LogLinear` implement the protocol `messplus.core.types.CostEstimate`.
"""

from messplus.costs.known import Known
from messplus.costs.log_linear import LogLinear
from messplus.costs.running import RunningMean

__all__ = ["Known", "LogLinear", "RunningMean"]
