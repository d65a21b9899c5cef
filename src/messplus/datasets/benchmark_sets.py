"""Data sets that are recorded benchmark runs: LLMDrift, ZeroEval, AlpacaEval and MMLU-Pro."""

from messplus.datasets.entry import DataSet, Letters, Model, Price, RemoteFile

_LLMDRIFT = (
    "https://raw.githubusercontent.com/lchen001/LLMDrift/"
    "4938eb720aed5210dd2153644fa35cf38b9c6d26/generation"
)

LLMDRIFT = DataSet(
    name="llmdrift",
    title="LLMDrift: two versions each of GPT-3.5 and GPT-4 on primes and happy numbers, latencies",
    licence="Apache-2.0",
    page="https://github.com/lchen001/LLMDrift",
    files=(
        RemoteFile(
            url=f"{_LLMDRIFT}/PRIME_FULL_EVAL.csv", name="PRIME_FULL_EVAL.csv", about="prime"
        ),
        RemoteFile(
            url=f"{_LLMDRIFT}/COUNTAHAPPYNUMBER_EVAL.csv",
            name="COUNTAHAPPYNUMBER_EVAL.csv",
            about="happy_number",
        ),
    ),
    layout="llmdrift",
    models=tuple(
        Model(name, f"openaichat/{name}")
        for name in ("gpt-3.5-turbo-0301", "gpt-4-0613", "gpt-3.5-turbo-0613", "gpt-4-0314")
    ),
    rows=(1_500, 1_500),
    cost="recorded dollars per request",
    score="the last [Yes], [No] or boxed number of the answer is the reference's",
    good_for="measured latency, and models that change: swap -0301 and -0314 for -0613 in mid-stream",
    trap="synthetic questions: a text router has little to learn here",
    seen="lchen001/LLMDrift: the two files themselves",
)

_ZEROEVAL = (
    "https://raw.githubusercontent.com/WildEval/ZeroEval/"
    "8c1485edf12c6efb5f69135a562927c5ad484059/result_dirs/gsm"
)

_ZEROEVAL_ZOO = (
    Model("gemma-2-2b-it", "gemma-2-2b-it", Price(0.1, 0.1)),
    Model("gemini-1.5-flash", "gemini-1.5-flash", Price(0.075, 0.3)),
    Model("Qwen2-7B-Instruct", "Qwen2-7B-Instruct", Price(0.2, 0.2)),
    Model("Llama-3.1-8B-Instruct", "Meta-Llama-3.1-8B-Instruct", Price(0.2, 0.2)),
    Model("gemma-2-9b-it", "gemma-2-9b-it", Price(0.3, 0.3)),
    Model("gpt-4o-mini-2024-07-18", "gpt-4o-mini-2024-07-18", Price(0.15, 0.6)),
    Model("claude-3-haiku-20240307", "claude-3-haiku-20240307", Price(0.25, 1.25)),
    Model("gpt-3.5-turbo-0125", "gpt-3.5-turbo-0125", Price(0.5, 1.5)),
    Model("Qwen2-72B-Instruct", "Qwen2-72B-Instruct", Price(0.9, 0.9)),
    Model("Llama-3.1-70B-Instruct", "Meta-Llama-3.1-70B-Instruct", Price(0.9, 0.9)),
    Model("Mistral-Large-2", "Mistral-Large-2", Price(2.0, 6.0)),
    Model("gpt-4o-2024-08-06", "gpt-4o-2024-08-06", Price(2.5, 10.0)),
    Model("claude-3-opus-20240229", "claude-3-opus-20240229", Price(15.0, 75.0)),
)

ZEROEVAL = DataSet(
    name="zeroeval-gsm8k",
    title="ZeroEval: thirteen open and proprietary models on GSM8K, zero-shot, greedy",
    licence="Apache-2.0 (repository); GSM8K: MIT",
    page="https://github.com/WildEval/ZeroEval",
    files=tuple(
        RemoteFile(
            url=f"{_ZEROEVAL}/{model.source}.json", name=f"{model.source}.json", about=model.name
        )
        for model in _ZEROEVAL_ZOO
    ),
    layout="zeroeval",
    models=_ZEROEVAL_ZOO,
    rows=(1_319, 1_319),
    cost="estimated tokens of prompt and answer x list price of 2024",
    score="the first number of the stated answer is the reference's, ZeroEval's rule",
    good_for="a large zoo on one task: who is cheap enough, not who is able",
    trap="the better models are within five points of each other; one task",
    seen="yuchenlin/ZeroEval (its former place): result_dirs/gsm and src/evaluation/gsm_eval.py",
    letters=Letters(prompt=4.07, answer=3.07),
)

_ALPACAEVAL = (
    "https://raw.githubusercontent.com/tatsu-lab/alpaca_eval/"
    "cd543a149df89434d8a54582c0151c0b945c3d20/results"
)
_ALPACAEVAL_ZOO = (
    Model("alpaca-7b", "alpaca-7b", Price(0.2, 0.2)),
    Model("phi-2-sft", "phi-2-sft", Price(0.1, 0.1)),
    Model("llama-2-7b-chat-hf", "llama-2-7b-chat-hf", Price(0.2, 0.2)),
    Model("vicuna-13b", "vicuna-13b", Price(0.3, 0.3)),
    Model("tulu-2-dpo-7b", "tulu-2-dpo-7b", Price(0.2, 0.2)),
    Model("falcon-40b-instruct", "falcon-40b-instruct", Price(0.8, 0.8)),
    Model("gpt-3.5-turbo-1106", "gpt-3.5-turbo-1106", Price(1.0, 2.0)),
    Model("mistral-medium", "mistral-medium", Price(2.7, 8.1)),
    Model("gpt4_1106_preview", "gpt4_1106_preview", Price(10.0, 30.0)),
)

ALPACAEVAL = DataSet(
    name="alpacaeval",
    title="AlpacaEval 1.0: open-ended instructions, GPT-4's preference against text_davinci_003",
    licence="Apache-2.0 (repository); AlpacaEval set: CC BY-NC 4.0",
    page="https://github.com/tatsu-lab/alpaca_eval",
    files=tuple(
        RemoteFile(
            url=f"{_ALPACAEVAL}/{model.source}/alpaca_eval_gpt4/annotations.json",
            name=f"{model.source}.json",
            about=model.name,
        )
        for model in _ALPACAEVAL_ZOO
    ),
    layout="alpacaeval",
    models=_ALPACAEVAL_ZOO,
    # 805 instructions; those that GPT-4 left unmarked for some model are left out. With fifteen
    # models 798 remain.
    rows=(798, 805),
    cost="estimated tokens of instruction and answer x list price at the end of 2023",
    score="GPT-4 prefers the answer to text_davinci_003's; 0.5 for a draw",
    good_for="open-ended requests, where nobody can check an answer",
    trap="small and noisy; the judge favours long answers; not for commercial use",
    seen="tatsu-lab/alpaca_eval: results/phi-2-sft/alpaca_eval_gpt4/annotations.json, metrics.py",
    letters=Letters(prompt=4.65, answer=4.6),
)

_MMLUPRO = (
    "https://raw.githubusercontent.com/TIGER-AI-Lab/MMLU-Pro/"
    "f418b116db00b065c2aea046518d8fcf74d39872/eval_results"
)
_MMLUPRO_ZOO = (
    Model("Llama-2-7b-hf", "Llama-2-7b-hf", Price(0.2, 0.2)),
    Model("Qwen1.5-7B-Chat", "Qwen1.5-7B-Chat", Price(0.2, 0.2)),
    Model("Llama-2-13b-hf", "Llama-2-13b-hf", Price(0.3, 0.3)),
    Model("Llama-3.1-8B-Instruct", "Meta-Llama-3_1-8B-Instruct", Price(0.2, 0.2)),
    Model("Llama-2-70b-hf", "Llama-2-70b-hf", Price(0.9, 0.9)),
    Model("Qwen1.5-72B-Chat", "Qwen1.5-72B-Chat", Price(0.9, 0.9)),
    Model("Llama-3.1-70B-Instruct", "Meta-Llama-3_1-70B-Instruct", Price(0.9, 0.9)),
    Model("Qwen1.5-110B", "Qwen1.5-110B", Price(1.8, 1.8)),
)

MMLUPRO = DataSet(
    name="mmlu-pro",
    title="MMLU-Pro: eight open models on ten-way questions of 14 subjects, chain of thought",
    licence="Apache-2.0 (repository); MMLU-Pro: MIT",
    page="https://github.com/TIGER-AI-Lab/MMLU-Pro",
    files=tuple(
        RemoteFile(
            url=f"{_MMLUPRO}/model_outputs_{model.source}_5shots.zip",
            name=f"{model.source}.zip",
            about=model.name,
        )
        for model in _MMLUPRO_ZOO
    ),
    layout="mmlupro",
    models=_MMLUPRO_ZOO,
    # 12,032 questions; those whose reference answer differs between runs are left out.
    rows=(11_900, 12_032),
    cost="estimated tokens of question, options and answer x list price; the 5-shot prefix is not counted",
    score="the stated letter is right; no letter counts as wrong",
    good_for="hard questions in number, costs that vary with the answer, no model near the top",
    trap="-hf models are base models; many of their answers name no letter; subjects come in blocks",
    seen="TIGER-AI-Lab/MMLU-Pro: evaluate_from_local.py and eval_results/business_result.json",
    letters=Letters(prompt=3.62, answer=3.6),
)
