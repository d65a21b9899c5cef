"""Anthropic's Messages API in OpenAI's terms."""

from messplus.gateway.upstreams.anthropic.dialect import Anthropic

__all__ = ["Anthropic"]
