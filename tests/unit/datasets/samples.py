"""Every data set of the catalog in small: its files in exactly the published layout."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from messplus.datasets import benchmark_sets, routing_sets
from messplus.datasets.entry import DataSet, RemoteFile

# Whether model m is right about request t, where a sample needs no more than that.
Right = Callable[[int, int], bool]


@dataclass(frozen=True)
class Sample:
    """What was published, and what must become of it.

    Attributes:
        entry: The catalog's, with the sample's number of requests.
        folder: Holds the published files under their names in the cache.
        tasks: Of the requests, in order.
        prompts: Of the requests, in order.
        score: By model, in order of the requests.
        cost: By model, of the first request.
    """

    entry: DataSet
    folder: Path
    tasks: list[str]
    prompts: list[str]
    score: dict[str, list[float]]
    cost: dict[str, float]


def right(t: int, m: int) -> bool:
    """Every model is right about some requests, and no two about the same."""
    return (t + m) % 3 != 0


def scores(entry: DataSet, n: int) -> dict[str, list[float]]:
    return {
        model.name: [float(right(t, m)) for t in range(n)] for m, model in enumerate(entry.models)
    }


def small(entry: DataSet, n: int, files: Sequence[RemoteFile] | None = None) -> DataSet:
    return replace(entry, rows=(n, n), files=tuple(files or entry.files))


def estimated(entry: DataSet, prompt: str, answers: Mapping[str, str]) -> dict[str, float]:
    """Costs by hand: letters divided by letters per token, rounded up, times the price."""
    assert entry.letters is not None
    costs = {}
    for model in entry.models:
        assert model.price is not None
        prompt_tokens = -(-len(prompt) // entry.letters.prompt)
        answer_tokens = max(1, -(-len(answers[model.name]) // entry.letters.answer))
        usd = prompt_tokens * model.price.prompt + answer_tokens * model.price.answer
        costs[model.name] = usd / 1e6
    return costs


def messplus(folder: Path) -> Sample:
    entry = small(routing_sets.MESSPLUS, 17)
    prompts: list[str] = []
    tasks: list[str] = []
    files: dict[str, bytes] = {}
    # Out of order, with a benchmark that the paper does not have; ARC-Easy repeats a document.
    for task in ("mmlu_abstract_algebra", *sorted(entry.tasks, reverse=True)):
        n = 3 if task == "arc_easy" else 2
        rows = [
            {"doc_id": min(i, 1), "input_text": f"{task}, question {i}", "benchmark_name": task}
            | {f"label_{model.source}": int(right(i, m)) for m, model in enumerate(entry.models)}
            | {f"acc_{model.source}": 0.0 for model in entry.models}
            | {
                f"energy_consumption_{model.source}": 10.0**m + i
                for m, model in enumerate(entry.models)
            }
            | {
                f"inference_time_{model.source}": 0.5 + m
                for m in range(1)
                for model in entry.models
            }
            for i in range(n)
        ]
        files[f"inference_outputs/{task}/{task}.csv"] = pl.DataFrame(rows).write_csv().encode()
        files[f"inference_outputs/{task}/._{task}.csv"] = b"\x00\x05\x16\x07"
    with tarfile.open(folder / entry.files[0].name, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    rows_of = {task: 3 if task == "arc_easy" else 2 for task in entry.tasks}
    for task, n in rows_of.items():
        tasks += [task] * n
        prompts += [f"{task}, question {i}" for i in range(n)]
    score = {
        model.name: [float(right(i, m)) for n in rows_of.values() for i in range(n)]
        for m, model in enumerate(entry.models)
    }
    cost = {model.name: 10.0**m for m, model in enumerate(entry.models)}
    return Sample(entry, folder, tasks, prompts, score, cost)


def _pandas_csv(rows: Sequence[Mapping[str, object]], path: Path) -> None:
    """As pandas writes it: True and False, quotes doubled, line breaks within quotes."""
    frame = pl.DataFrame(rows)
    truth = [name for name in frame.columns if frame[name].dtype == pl.Boolean]
    frame.with_columns(
        pl.when(pl.col(name)).then(pl.lit("True")).otherwise(pl.lit("False")).alias(name)
        for name in truth
    ).write_csv(path)


def _json_lines(records: Iterable[object], path: Path) -> None:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")


def routellm_gsm8k(folder: Path) -> Sample:
    prompts = [f'Janet’s "{i}" ducks lay 16 eggs,\nsay. How many in {i} days?' for i in range(5)]
    full = routing_sets.ROUTELLM_GSM8K
    answers = [
        {m.name: f" {m.name}: {i} * 16,\n#### {16 * i}" for m in full.models} for i in range(5)
    ]
    rows = [
        {"prompt": prompts[i]}
        | {model.source: right(i, m) for m, model in enumerate(full.models)}
        | {f"{model.source}_response": answers[i][model.name] for model in full.models}
        for i in range(5)
    ]
    _pandas_csv(rows, folder / "gsm8k_responses.csv")
    left_out = {"train_prompt": "x", "eval_prompt": prompts[0], "train_idx": 1, "eval_idx": 0}
    _json_lines([left_out], folder / "contaminated_prompts.jsonl")
    score = {name: values[1:] for name, values in scores(full, 5).items()}
    cost = estimated(full, prompts[1], answers[1])
    return Sample(small(full, 4), folder, ["gsm8k"] * 4, prompts[1:], score, cost)


def routellm_mmlu(folder: Path) -> Sample:
    full = routing_sets.ROUTELLM_MMLU
    kept = [file for file in full.files if file.about in ("anatomy", "virology", "contaminated")]
    prompts = [f"Which is it, {i}?\nA. This\nB. That\nAnswer:" for i in range(4)]
    for file, rows in zip(kept, ((0, 1), (2, 3)), strict=False):
        table = [
            {"prompt": prompts[t]}
            | {model.source: right(t, m) for m, model in enumerate(full.models)}
            for t in rows
        ]
        _pandas_csv(table, folder / file.name)
    _json_lines([{"eval_prompt": "none of these"}], folder / "contaminated_prompts.jsonl")
    tasks = ["anatomy", "anatomy", "virology", "virology"]
    cost = estimated(full, prompts[0], {model.name: "" for model in full.models})
    return Sample(small(full, 4, kept), folder, tasks, prompts, scores(full, 4), cost)


def paretobandit(folder: Path) -> Sample:
    full = routing_sets.PARETOBANDIT
    prompts = [f"Sort \u2019{i}\u2019 words" for i in range(4)]
    tasks = ["mbpp", "gsm8k", "bbh/word_sorting", "mmlu"]
    reward = {
        model.name: [0.5 + 0.1 * ((t + m) % 4) for t in range(4)]
        for m, model in enumerate(full.models)
    }
    records = [
        {
            "prompt": prompts[t],
            "difficulty": "trivial",
            "best_arm": full.models[0].source,
            "arms": {
                model.source: {"reward": reward[model.name][t], "cost": 1e-5 * 10**m}
                | {"near_best": True}
                for m, model in enumerate(full.models)
            },
            "source": tasks[t],
        }
        for t in range(4)
    ]
    _json_lines(records[:2], folder / "val_k4.jsonl")
    _json_lines(records[2:], folder / "test_k4.jsonl")
    cost = {model.name: 1e-5 * 10**m for m, model in enumerate(full.models)}
    return Sample(small(full, 4), folder, tasks, prompts, reward, cost)


def sprout(folder: Path) -> Sample:
    full = routing_sets.SPROUT
    prompts = [f"question {i}" for i in range(4)]
    tasks = ["math", "ragbench", "openhermes", "mmlu-pro"]
    score = {
        model.name: [0.25 * ((t + m) % 5) for t in range(4)] for m, model in enumerate(full.models)
    }
    rows = [
        {
            "key": f"k{t}",
            "dataset": tasks[t],
            "dataset_level": "x",
            "dataset_idx": t,
            "prompt": prompts[t],
            "golden_answer": "y",
        }
        | {
            model.source: {
                "num_input_tokens": 100,
                "num_output_tokens": 10,
                "response": "text",
                "score": score[model.name][t],
                "judge_response": "text",
            }
            for model in full.models
        }
        for t in range(4)
    ]
    # Not every answer has a mark: such a request is left out.
    rows.insert(2, json.loads(json.dumps(rows[0])) | {"prompt": "unmarked"})
    rows[2][full.models[0].source]["score"] = None  # type: ignore[index]
    pl.DataFrame(rows).write_parquet(folder / full.files[0].name)
    cost = {
        model.name: (100 * model.price.prompt + 10 * model.price.answer) / 1e6
        for model in full.models
        if model.price
    }
    return Sample(small(full, 4), folder, tasks, prompts, score, cost)


def llmdrift(folder: Path) -> Sample:
    full = benchmark_sets.LLMDRIFT
    answers = {
        "prime": {
            True: '[No] is what I would say.\n\nBut 7 has no divisor: the answer is "[Yes]".',
            False: "[No] \n\nExplanation: ...",
        },
        "happy_number": {
            True: "Say $\\\\boxed{2}$, no, \\\\boxed{1}.",
            False: "There is \\\\boxed{0}.",
        },
    }
    prompts: list[str] = []
    tasks: list[str] = []
    t = 0
    for file in full.files:
        reference = "yes" if file.about == "prime" else "\\\\boxed{1}"
        prompts += [f'{file.about}: "{i}"?' for i in range(2)]
        tasks += [file.about] * 2
        rows = [
            {
                "": i,
                "Unnamed: 0": i,
                "model": model.source,
                "temperature": 0.1,
                "max_tokens": 1000,
                "trail": 0,
                "dataset": file.about,
                "id": i,
                "query": f'{file.about}: "{i}"?',
                "ref_answer": reference,
                "answer": answers[file.about][right(t + i, m)],
                "latency": 1.5 + m,
                "cost": 0.001 * (m + 1),
                "date": 20230716,
                "timestamp": "07/02/2023, 21:28:40",
                "answer_token": 156,
                "latency_per_token": 0.03,
            }
            for m, model in enumerate(full.models)
            for i in range(2)
        ]
        pl.DataFrame(rows).write_csv(folder / file.name)
        t += 2
    cost = {model.name: 0.001 * (m + 1) for m, model in enumerate(full.models)}
    return Sample(small(full, 4), folder, tasks, prompts, scores(full, 4), cost)


def zeroeval(folder: Path) -> Sample:
    full = benchmark_sets.ZEROEVAL
    prompts = [f"How many are {i} and {i}?" for i in range(4)]
    said = {
        True: '{\n    "reasoning": "Add\nthem",\n    "answer": "$1,018"\n}',
        False: '{"reasoning": "none", "answer": "17"}',
    }
    for m, model in enumerate(full.models):
        records = [
            {
                "session_id": f"gsm8k-main-test-#{t}",
                "chat_history": [f"## Question: {prompts[t]} ## Instruction ..."],
                "model_input": "...",
                "output": [said[right(t, m)]],
                "generator": model.source,
                "configs": {"engine": "vllm", "temperature": 0.0},
                "dataset": "gsm",
                "id": f"gsm8k-main-test-#{t}",
                "question": prompts[t],
                "answer": "# 1018",
            }
            for t in range(4)
        ]
        # Each model's file has an order of its own.
        order = records if m == 0 else records[::-1]
        (folder / f"{model.source}.json").write_text(json.dumps(order, indent=2))
    first = {model.name: said[right(0, m)] for m, model in enumerate(full.models)}
    cost = estimated(full, f"## Question: {prompts[0]} ## Instruction ...", first)
    return Sample(small(full, 4), folder, ["gsm8k"] * 4, prompts, scores(full, 4), cost)


def alpacaeval(folder: Path) -> Sample:
    full = benchmark_sets.ALPACAEVAL
    prompts = [f"Write about {i}" for i in range(5)]
    tasks = ["helpful_base", "koala", "oasst", "vicuna"]
    preferences = [2.0, 1.0, 1.5, 0.0]
    for m, model in enumerate(full.models):
        records = [
            {
                "instruction": prompts[t],
                "output_1": "reference",
                "generator_1": "text_davinci_003",
                "generator_2": model.source,
                "dataset": tasks[t % 4],
                "output_2": "an answer " * (m + 1),
                "annotator": "alpaca_eval_gpt4",
                "preference": preferences[(t + m) % 4],
                "price_per_example": 0.01638,
                "time_per_example": 0.49,
            }
            for t in range(5)
        ]
        if m == 1:  # GPT-4 gave no verdict: the instruction is left out for all
            records[4]["preference"] = None
        (folder / f"{model.source}.json").write_text(json.dumps(records, indent=2))
    worth = [1.0, 0.0, 0.5, 0.5]
    score = {
        model.name: [worth[(t + m) % 4] for t in range(4)] for m, model in enumerate(full.models)
    }
    answers = {model.name: "an answer " * (m + 1) for m, model in enumerate(full.models)}
    cost = estimated(full, prompts[0], answers)
    return Sample(small(full, 4), folder, tasks, prompts[:4], score, cost)


def mmlupro(folder: Path) -> Sample:
    full = benchmark_sets.MMLUPRO
    for m, model in enumerate(full.models):
        records = [
            {
                "question_id": 70 + t,
                "question": f"Which, {t}?",
                "options": ["this", "that", "neither"],
                # The reference of the last question was mended between runs.
                "answer": "A" if t == 4 and m else "B",
                "answer_index": 1,
                "cot_content": "",
                "category": "law" if t > 1 else "business",
                "src": "ori_mmlu",
                "pred": ("B" if right(t, m) else "C") if t % 2 else None,
                "model_outputs": f"So the answer is ({'B' if right(t, m) else 'A'}).",
            }
            for t in range(5)
        ]
        with zipfile.ZipFile(folder / f"{model.source}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"model_outputs_{model.source}/a.json", json.dumps(records[:2]))
            archive.writestr(f"model_outputs_{model.source}/b.json", json.dumps(records[2:]))
            archive.writestr("__MACOSX/._b.json", b"\x00\x05")
    prompts = [f"Which, {t}?\nA. this\nB. that\nC. neither" for t in range(4)]
    cost = estimated(
        full,
        prompts[0],
        {
            model.name: f"So the answer is ({'B' if right(0, m) else 'A'})."
            for m, model in enumerate(full.models)
        },
    )
    tasks = ["business", "business", "law", "law"]
    return Sample(small(full, 4), folder, tasks, prompts, scores(full, 4), cost)


SAMPLES: Mapping[str, Callable[[Path], Sample]] = {
    "messplus-llama3": messplus,
    "routellm-gsm8k": routellm_gsm8k,
    "routellm-mmlu": routellm_mmlu,
    "paretobandit": paretobandit,
    "sprout": sprout,
    "llmdrift": llmdrift,
    "zeroeval-gsm8k": zeroeval,
    "alpacaeval": alpacaeval,
    "mmlu-pro": mmlupro,
}
