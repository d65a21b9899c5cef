"""The models behind their endpoints: asked with time limits, retries and circuit breakers."""

from messplus.gateway.upstreams.answered import Answered
from messplus.gateway.upstreams.errors import Kind, UpstreamError
from messplus.gateway.upstreams.observe import Health, Observer
from messplus.gateway.upstreams.reply import Reply
from messplus.gateway.upstreams.rewrite import StreamRewriter, rewrite_json
from messplus.gateway.upstreams.upstreams import Upstreams
from messplus.gateway.upstreams.usage import Bill, Usage, bill

__all__ = [
    "Answered",
    "Bill",
    "Health",
    "Kind",
    "Observer",
    "Reply",
    "StreamRewriter",
    "UpstreamError",
    "Upstreams",
    "Usage",
    "bill",
    "rewrite_json",
]
