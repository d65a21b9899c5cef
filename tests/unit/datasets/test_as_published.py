"""Records copied from the published files, beside what somebody else's conversion made of them.

The other conversion (in ../shared/data) counted tokens with cl100k_base; ours estimates them.
"""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from messplus.datasets import benchmark_sets, routing_sets
from messplus.datasets.entry import DataSet
from messplus.datasets.readers import LAYOUTS

PARETOBANDIT = (
    r'{"prompt": "Complete the sentence with the correct option:\nLearning to play a glockenspiel '
    r"was instinctual for Derrick but not Adam because _ is arty.\nOption 1: Derrick\nOption 2: "
    r'Adam\nWhich option correctly fills the blank? Explain your reasoning.", "difficulty": '
    r'"hard_but_dominated", "best_arm": "mistralai/mistral-large-2512", "best_reward": 1.0, '
    r'"worst_reward": 0.75, "reward_spread": 0.25, "arms": {"meta-llama/llama-3.1-8b-instruct": '
    r'{"reward": 0.75, "cost": 1.93e-05, "near_best": false}, "mistralai/mistral-large-2512": '
    r'{"reward": 1.0, "cost": 0.000278, "near_best": true}, "google/gemini-2.5-pro": {"reward": '
    r'0.93, "cost": 0.01002875, "near_best": false}, "google/gemini-2.5-flash": {"reward": 0.89, '
    r'"cost": 0.0006062, "near_best": false}}, "source": "winogrande"}'
)

GSM8K = """\
prompt,mixtral-8x7b-instruct-v0.1,gpt-4-1106-preview,mixtral-8x7b-instruct-v0.1_response,gpt-4-1106-preview_response
James decides to run 3 sprints 3 times a week.  He runs 60 meters each sprint.  How many total meters does he run a week?,True,True," James runs 3 sprints in each session, and each sprint is 60 meters. So in one session, he runs 3 x 60 = <<3*60=180>>180 meters.
He does this 3 times a week, so in a week, James runs 180 x 3 = <<180*3=540>>540 meters.
#### 540

","James runs 3 sprints each time, and he does this 3 times a week. Each sprint is 60 meters.

So, for each session, he runs 3 sprints * 60 meters/sprint = 180 meters.

Since he does this 3 times a week, the total meters he runs a week is 180 meters/session * 3 sessions/week = 540 meters/week.

#### 540"
"""

LLMDRIFT = """\
,Unnamed: 0,model,temperature,max_tokens,trail,dataset,id,query,ref_answer,answer,latency,cost,date,timestamp,answer_token,latency_per_token
7,7,openaichat/gpt-3.5-turbo-0301,0.1,1000,0,prime,7,"Is 6841 a prime number? Think step by step and then answer ""[Yes]"" or ""[No]"".",yes,"[No]\x20

Step by step process:\x20

1. Check if the number is divisible by 2. If yes, then it is not a prime number.\x20
- 6841 is odd, so it is not divisible by 2.\x20

2. Check if the number is divisible by any odd number up to the square root of the number.\x20
- The square root of 6841 is approximately 82.6.\x20
- Checking odd numbers up to 81, we find that 6841 is not divisible by any of them.\x20

3. Therefore, 6841 is not divisible by any number other than 1 and itself.\x20

4. Conclusion: 6841 is not a prime number.",4.067652941,0.000356,20230716,"07/02/2023, 21:28:40",147,0.027671108442176875
"""

ALPACAEVAL = {
    "instruction": "Hi, I'm trying to solve a crossword puzzle, but I've never done one of these "
    "before. Can you help me out?",
    "output_1": "Sure, I'd be happy to help! Here's what you need to do: ...",
    "generator_1": "text_davinci_003",
    "generator_2": "phi-2-sft",
    "dataset": "helpful_base",
    "output_2": " Sure! I'd be happy to help you with a crossword puzzle.\n\nCan you describe the "
    "puzzle to me or provide any clues?",
    "annotator": "alpaca_eval_gpt4",
    "preference": 1.0,
    "price_per_example": 0.01359,
    "time_per_example": 0.4949160237,
}


def read(entry: DataSet, models: tuple[str, ...], paths: dict[str, Path]) -> pl.DataFrame:
    kept = tuple(model for model in entry.models if model.name in models)
    return LAYOUTS[entry.layout](replace(entry, models=kept), paths)


def paretobandit(folder: Path) -> pl.DataFrame:
    path = folder / "test_k4.jsonl"
    path.write_text(PARETOBANDIT + "\n", encoding="utf-8")
    entry = routing_sets.PARETOBANDIT
    return read(entry, tuple(model.name for model in entry.models), {"test": path})


def gsm8k(folder: Path) -> pl.DataFrame:
    table, contaminated = folder / "gsm8k.csv", folder / "contaminated.jsonl"
    table.write_text(GSM8K, encoding="utf-8")
    contaminated.write_text('{"eval_prompt": "another"}\n', encoding="utf-8")
    entry = routing_sets.ROUTELLM_GSM8K
    names = tuple(model.name for model in entry.models)
    return read(entry, names, {"gsm8k": table, "contaminated": contaminated})


def llmdrift(folder: Path) -> pl.DataFrame:
    path = folder / "prime.csv"
    path.write_text(LLMDRIFT, encoding="utf-8")
    return read(benchmark_sets.LLMDRIFT, ("gpt-3.5-turbo-0301",), {"prime": path})


def alpacaeval(folder: Path) -> pl.DataFrame:
    path = folder / "phi-2-sft.json"
    path.write_text(json.dumps([ALPACAEVAL], indent=2), encoding="utf-8")
    return read(benchmark_sets.ALPACAEVAL, ("phi-2-sft",), {"phi-2-sft": path})


# The largest error of an estimated number, as a share; recorded ones are the same.
@pytest.mark.parametrize(
    ("convert", "theirs", "estimate"),
    [
        (paretobandit, "paretobandit", 0.0),
        (gsm8k, "routellm_gsm8k", 0.15),
        (llmdrift, "llmdrift", 0.0),
        (alpacaeval, "alpacaeval_v1", 0.15),
    ],
)
def test_a_published_record_becomes_what_others_made_of_it(
    convert: object, theirs: str, estimate: float, tmp_path: Path, shared_data: Path
) -> None:
    assert callable(convert)
    (ours,) = convert(tmp_path).rows(named=True)
    table = pl.read_parquet(shared_data / f"{theirs}.parquet")
    (other,) = table.filter(pl.col("prompt") == ours["prompt"]).rows(named=True)
    assert ours["task"] == other["task"]
    compared = [name for name in ours if "__" in name]
    assert any(name.startswith("cost__") for name in compared)
    for name in compared:
        if name in other:
            recorded = estimate == 0.0 or name.startswith("score__")
            # Their file has 32-bit numbers.
            allowed = 1e-6 if recorded else estimate
            assert ours[name] == pytest.approx(other[name], rel=allowed), name
