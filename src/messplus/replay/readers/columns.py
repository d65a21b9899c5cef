"""What the columns of a native table are called, and what can be wrong with that."""

from collections.abc import Collection, Iterable, Sequence

from messplus.replay.validate import Problem, error, nearest

_MEASURED = ("latency__", "energy__", "output_tokens__")


def column_problems(columns: Sequence[str]) -> list[Problem]:
    """What the column names of a native table break."""
    others = [name for name in columns if name not in ("prompt_id", "task", "prompt")]
    found = [
        error(f"column {name!r}", f"is missing; add it ({what}){nearest(name, others)}")
        for name, what in (("prompt_id", "unique per row"), ("prompt", "the text of the request"))
        if name not in columns
    ]
    scored, priced = with_prefix("score__", columns), with_prefix("cost__", columns)
    if not scored and not priced:
        hint = nearest("score__", others, cutoff=0.4)
        return [
            *found,
            error(
                "columns",
                "there are no model columns; each model needs score__MODEL (satisfaction in [0, 1])"
                f" and cost__MODEL{hint}",
            ),
        ]
    for have, lack, models in (("score", "cost", scored), ("cost", "score", priced)):
        other = priced if have == "score" else scored
        for model in models:
            if model not in other:
                name = f"{lack}__{model}"
                spare = [column for column in others if not _belongs(column, models)]
                found.append(
                    error(
                        f"column {name!r}",
                        f"is missing, but there is {f'{have}__{model}'!r}; each model needs both"
                        f"{nearest(name, spare)}",
                    )
                )
    for prefix in _MEASURED:
        for model in with_prefix(prefix, columns):
            if model not in scored:
                found.append(
                    Problem(
                        "warning",
                        f"column {prefix + model!r}",
                        f"is ignored: there is no score__{model}{nearest(model, scored)}",
                    )
                )
    return found


def model_list_problems(listed: Sequence[str], found: Sequence[str], where: str) -> list[Problem]:
    """Models that a sidecar lists and the table lacks, and the other way round."""
    unknown = [
        error(where, f"lists {model!r}, which has no columns{nearest(model, found)}")
        for model in listed
        if model not in found
    ]
    unlisted = [
        error(where, f"lacks {model!r}, which has columns; add it, or remove the columns")
        for model in found
        if model not in listed
    ]
    return unknown + unlisted


def with_prefix(prefix: str, columns: Iterable[str]) -> tuple[str, ...]:
    """The models that have a column of this kind, in order of the columns."""
    return tuple(name.removeprefix(prefix) for name in columns if name.startswith(prefix))


def _belongs(column: str, models: Collection[str]) -> bool:
    """Whether it is a well-named column of one of the models."""
    kind, _, model = column.partition("__")
    return f"{kind}__" in ("score__", "cost__", *_MEASURED) and model in models
