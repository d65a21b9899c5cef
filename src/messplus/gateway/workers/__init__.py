"""Several processes that serve on one socket, started and watched by one."""

from messplus.gateway.workers.child import say_ready, say_reloaded
from messplus.gateway.workers.needs import require_shared
from messplus.gateway.workers.relay import Relay
from messplus.gateway.workers.serving import serve_together

__all__ = ["Relay", "require_shared", "say_ready", "say_reloaded", "serve_together"]
