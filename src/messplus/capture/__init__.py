"""Run a zoo over questions with checkable answers and record what happens, as an outcome table."""

from messplus.capture.client import Request
from messplus.capture.question import Question
from messplus.capture.run import Pace, Progress, capture
from messplus.capture.upstreams import Upstream, read_upstreams

__all__ = ["Pace", "Progress", "Question", "Request", "Upstream", "capture", "read_upstreams"]
