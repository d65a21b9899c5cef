"""What a request costs on each model, known on arrival or estimated.

`Known` and `RunningMean` implement the protocol `messplus.core.types.CostEstimate`.
"""

from messplus.costs.known import Known
from messplus.costs.running import RunningMean

__all__ = ["Known", "RunningMean"]
