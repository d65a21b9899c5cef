"""What a model costs before anything is known of its answers."""

from messplus.gateway.config.settings import Model, Settings

TYPICAL_PROMPT_TOKENS = 500
TYPICAL_OUTPUT_TOKENS = 300
"""Of a request of which nothing is known: they turn prices of tokens into one of an answer, until bills
come in."""


def list_price(model: Model, unit: str) -> float:
    """What a typical request costs: 500 tokens in, 300 out.

    Args:
        model: Whose price.
        unit: `usd` or `joule`.
    """
    if unit == "joule":
        return TYPICAL_OUTPUT_TOKENS * model.energy_j_per_token
    spent = (
        TYPICAL_PROMPT_TOKENS * model.cost.input_per_mtok
        + TYPICAL_OUTPUT_TOKENS * model.cost.output_per_mtok
    )
    return spent / 1e6


def by_price(settings: Settings, route: str | None = None) -> tuple[str, ...]:
    """Models in ascending list price; of equal ones, the one named first comes first.

    Args:
        settings: The configuration.
        route: Whose models; None: all.
    """
    named = settings.routes[route].models if route is not None else None
    return tuple(
        sorted(
            (name for name in settings.models if named is None or name in named),
            key=lambda name: list_price(settings.models[name], settings.cost),
        )
    )
