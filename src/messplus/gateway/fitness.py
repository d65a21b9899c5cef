"""Which models can answer a request at all: what it needs, and who is able."""

from collections.abc import Callable, Iterable

from messplus.gateway.body import Asked
from messplus.gateway.config.settings import Model, Settings
from messplus.gateway.errors import ApiError, invalid, no_model
from messplus.gateway.target import ToRoute, models_of


def candidates(
    settings: Settings, target: ToRoute, asked: Asked, can_serve: Callable[[str], bool]
) -> tuple[str, ...]:
    """The models that may be asked: able, not excluded, up, and not at their limit.

    A prompt that seems too long for all of them is left to those that take the longest: its length is
    estimated.

    Args:
        settings: The zoo.
        target: Route, and models excluded.
        asked: What the request needs.
        can_serve: Whether a model is up and has room.

    Raises:
        ApiError: 400 where no model is able, 503 where none of the able is up.
    """
    allowed = [name for name in models_of(settings, target.route) if name not in target.excluded]
    if not allowed:
        raise invalid(f"every model of route {target.route} is excluded", "messplus.exclude")
    able = [name for name in allowed if not _lacks(settings.models[name], asked)]
    if not able:
        lacking = {what for name in allowed for what in _lacks(settings.models[name], asked)}
        raise ApiError(
            400,
            "unsupported_by_models",
            f"no model of route {target.route} takes {' and '.join(sorted(lacking))}: "
            "name a model that does, or add one to the route",
        )
    fitting = _long_enough(settings, able, asked.tokens)
    up = tuple(name for name in fitting if can_serve(name))
    if not up:
        raise no_model(
            f"no model of route {target.route} can be reached or has room now: {', '.join(fitting)}",
            retry_after_s=1.0,
        )
    return up


def _lacks(model: Model, asked: Asked) -> tuple[str, ...]:
    """What a request needs that a model cannot."""
    needs = (
        ("tools", asked.tools and not model.tools),
        ("images", asked.images and not model.vision),
        ("a JSON schema for the answer", asked.structured and not model.structured_output),
    )
    return tuple(what for what, lacking in needs if lacking)


def _long_enough(settings: Settings, names: Iterable[str], tokens: int) -> list[str]:
    """Models whose context holds so many tokens; if there are none, those with the longest."""
    room = {name: settings.models[name].context_tokens or float("inf") for name in names}
    needed = min(tokens, max(room.values()))
    return [name for name, most in room.items() if most >= needed]
