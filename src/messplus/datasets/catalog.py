"""The public data sets that messplus knows by name.

A set is here if its published layout was read in its source (`seen`), and its licence is given as
the source states it. Sets that we can replay but should not or cannot fetch are `BY_HAND`.
"""

from messplus.datasets.benchmark_sets import ALPACAEVAL, LLMDRIFT, MMLUPRO, ZEROEVAL
from messplus.datasets.entry import ByHand, DataSet
from messplus.datasets.routing_sets import (
    MESSPLUS,
    PARETOBANDIT,
    ROUTELLM_GSM8K,
    ROUTELLM_MMLU,
    SPROUT,
)
from messplus.errors import unknown

DATA_SETS: tuple[DataSet, ...] = (
    MESSPLUS,
    ROUTELLM_GSM8K,
    ROUTELLM_MMLU,
    PARETOBANDIT,
    SPROUT,
    LLMDRIFT,
    ZEROEVAL,
    ALPACAEVAL,
    MMLUPRO,
)

BY_HAND: tuple[ByHand, ...] = (
    ByHand(
        name="routerbench",
        title="RouterBench: eight benchmarks on eleven models of 2023, costs recorded",
        licence="none stated for the data; code MIT",
        page="https://huggingface.co/datasets/withmartian/routerbench",
        size="about 36,500 × 11",
        cost_unit="usd",
        good_for="comparison with what the field publishes",
        trap="prompts hold their few-shot examples; some strong models are mis-parsed on some tasks",
        why="it is published as a pickle, and reading a pickle runs whatever code is in it",
        steps=(
            "Download routerbench_0shot.pkl from its page.",
            "If you trust its origin, convert it once, where pandas is installed:",
            (
                'python -c "import pandas; '
                "pandas.read_pickle('routerbench_0shot.pkl')"
                ".to_parquet('routerbench_0shot.parquet')\""
            ),
            "messplus replay routerbench_0shot.parquet",
        ),
        seen="src/messplus/replay/readers/routerbench.py",
    ),
    ByHand(
        name="llmrouterbench",
        title="LLMRouterBench: 33 recent models on more than 21 data sets, costs recorded",
        licence="see its page",
        page="https://huggingface.co/datasets/NPULH/LLMRouterBench",
        size="more than 20,000 × 33",
        cost_unit="usd",
        good_for="recent models, among them large proprietary ones, with the dollars they charged",
        trap="not every model answered every data set: choose models with few gaps",
        why="the archive is more than a gigabyte, and which models to compare is yours to choose",
        steps=(
            "Download bench-release.tar.gz from its page.",
            "tar -xzf bench-release.tar.gz",
            "Remove the folders of models that you do not want: DATASET/SPLIT/MODEL.",
            "messplus replay bench-release",
        ),
        seen="src/messplus/replay/readers/llmrouterbench.py",
    ),
)


def find(name: str, *others: str) -> DataSet | ByHand:
    """The data set of this name.

    Args:
        name: What the user wrote.
        others: Names that are known elsewhere, for the suggestion.

    Raises:
        SettingError: There is none; the message names the closest.
    """
    known: dict[str, DataSet | ByHand] = {one.name: one for one in DATA_SETS}
    known.update({one.name: one for one in BY_HAND})
    if name not in known:
        raise unknown("data set", name, (*known, *others))
    return known[name]
