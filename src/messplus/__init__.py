"""messplus: an LLM request router that keeps a promise at the least cost."""

__version__ = "0.1.0"
