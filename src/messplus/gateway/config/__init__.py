"""What a gateway is told: one YAML file, checked whole before anything starts."""

from messplus.gateway.config.advice import advice, is_loopback
from messplus.gateway.config.problems import Problem, SettingsError
from messplus.gateway.config.read import read_settings
from messplus.gateway.config.secrets import secrets_of
from messplus.gateway.config.settings import Settings

__all__ = [
    "Problem",
    "Settings",
    "SettingsError",
    "advice",
    "is_loopback",
    "read_settings",
    "secrets_of",
]
