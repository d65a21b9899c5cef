"""What the gateway tells its operators: metrics, logs, traces."""

from messplus.gateway.telemetry.ended import Ended, Mode
from messplus.gateway.telemetry.lines import Format
from messplus.gateway.telemetry.logs import Logs, log_access
from messplus.gateway.telemetry.metrics import Metrics
from messplus.gateway.telemetry.readings import Readings
from messplus.gateway.telemetry.spans import Trace, Traces
from messplus.gateway.telemetry.traces import NoTraces, open_traces

__all__ = [
    "Ended",
    "Format",
    "Logs",
    "Metrics",
    "Mode",
    "NoTraces",
    "Readings",
    "Trace",
    "Traces",
    "log_access",
    "open_traces",
]
