"""Data sets made for routing: the MESS+ recording, RouteLLM's, ParetoBandit's and SPROUT."""

from collections.abc import Mapping
from types import MappingProxyType

from messplus.datasets.entry import MB, DataSet, Letters, Model, Price, RemoteFile

_ROUTELLM = (
    "https://raw.githubusercontent.com/lm-sys/RouteLLM/"
    "0b64fdafe049e596a3f5657c219329f24af24198/routellm/evals"
)
_ROUTELLM_PAIR = (
    Model("Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b-instruct-v0.1", Price(0.6, 0.6)),
    Model("gpt-4-1106-preview", "gpt-4-1106-preview", Price(10.0, 30.0)),
)
_ROUTELLM_SEEN = "lm-sys/RouteLLM: routellm/evals/benchmarks.py and the files themselves"

# The files of RouteLLM's routellm/evals/mmlu/responses, one per subject.
_SUBJECTS = """
abstract_algebra anatomy astronomy business_ethics clinical_knowledge college_biology
college_chemistry college_computer_science college_mathematics college_medicine college_physics
computer_security conceptual_physics econometrics electrical_engineering elementary_mathematics
formal_logic global_facts high_school_biology high_school_chemistry high_school_computer_science
high_school_european_history high_school_geography high_school_government_and_politics
high_school_macroeconomics high_school_mathematics high_school_microeconomics high_school_physics
high_school_psychology high_school_statistics high_school_us_history high_school_world_history
human_aging human_sexuality international_law jurisprudence logical_fallacies machine_learning
management marketing medical_genetics miscellaneous moral_disputes moral_scenarios nutrition
philosophy prehistory professional_accounting professional_law professional_medicine
professional_psychology public_relations security_studies sociology us_foreign_policy virology
world_religions
""".split()  # noqa: SIM905  # as a list it takes 57 lines

# The promises of the paper's Table 2, one per benchmark.
_MESSPLUS_ALPHA: Mapping[str, float] = MappingProxyType(
    {
        "arc_challenge": 0.5,
        "arc_easy": 0.75,
        "boolq": 0.8,
        "logiqa": 0.4,
        "piqa": 0.78,
        "sciq": 0.96,
        "social_iqa": 0.44,
        "winogrande": 0.7,
    }
)

MESSPLUS = DataSet(
    name="messplus-llama3",
    title="The MESS+ authors' recording: eight benchmarks on three Llama-3 models, energy measured",
    licence="none stated",
    page="https://github.com/ryanzhangofficial/RouterDC",
    files=(
        RemoteFile(
            url="https://raw.githubusercontent.com/ryanzhangofficial/RouterDC/"
            "cfeceebe2a3786614ca150530cc2e5c07974eecf/data/inference_outputs.tar.gz",
            name="inference_outputs.tar.gz",
            max_bytes=256 * MB,
        ),
    ),
    layout="messplus",
    models=(
        Model("Llama-3.2-1B-Instruct", "small"),
        Model("Llama-3.1-8B-Instruct", "medium"),
        Model("Llama-3.3-70B-Instruct", "large"),
    ),
    rows=(14_954, 14_954),
    tasks=tuple(_MESSPLUS_ALPHA),
    cost_unit="joule",
    cost="GPU energy per request, measured on an H100",
    score="the answer is right",
    good_for="the paper's own experiment: eight streams, each with its own alpha",
    trap="labels can hardly be told from the prompt (AUC 0.5 to 0.65); ARC-Easy and LogiQA repeat rows",
    seen="the archive of ryanzhangofficial/RouterDC; columns as in replay/readers/messplus_csv.py",
    alpha=_MESSPLUS_ALPHA,
)

ROUTELLM_GSM8K = DataSet(
    name="routellm-gsm8k",
    title="RouteLLM's weak and strong model on the test set of GSM8K, chain of thought",
    licence="Apache-2.0 (repository); GSM8K: MIT",
    page="https://github.com/lm-sys/RouteLLM",
    files=(
        RemoteFile(
            url=f"{_ROUTELLM}/gsm8k/gsm8k_responses.csv", name="gsm8k_responses.csv", about="gsm8k"
        ),
        RemoteFile(
            url=f"{_ROUTELLM}/gsm8k/contaminated_prompts.jsonl",
            name="contaminated_prompts.jsonl",
            about="contaminated",
        ),
    ),
    layout="routellm",
    models=_ROUTELLM_PAIR,
    rows=(1_307, 1_307),
    cost="estimated tokens of question and answer x list price; the 8-shot prefix is not counted",
    score="the final number is right, by RouteLLM's own marking, which is strict",
    good_for="the classic weak and strong pair, with costs that vary with the answer's length",
    trap="one task, two models; the cheap one's failures can hardly be told from the prompt",
    seen=_ROUTELLM_SEEN,
    letters=Letters(prompt=4.07, answer=3.17),
)

ROUTELLM_MMLU = DataSet(
    name="routellm-mmlu",
    title="RouteLLM's weak and strong model on MMLU, 57 subjects, one-letter answers",
    licence="Apache-2.0 (repository); MMLU: MIT",
    page="https://github.com/lm-sys/RouteLLM",
    files=(
        *(
            RemoteFile(
                url=f"{_ROUTELLM}/mmlu/responses/mmlu_{subject}.csv",
                name=f"mmlu_{subject}.csv",
                about=subject,
                max_bytes=8 * MB,
            )
            for subject in _SUBJECTS
        ),
        RemoteFile(
            url=f"{_ROUTELLM}/mmlu/contaminated_prompts.jsonl",
            name="contaminated_prompts.jsonl",
            about="contaminated",
        ),
    ),
    layout="routellm",
    models=_ROUTELLM_PAIR,
    rows=(14_037, 14_037),
    cost="estimated tokens of the prompt x list price, and one token of answer",
    score="the letter is right",
    good_for="many requests, two models, and something to learn from the prompt (AUC 0.75)",
    trap="105 prompts come twice; in the source's order, subjects come in blocks",
    seen=_ROUTELLM_SEEN,
    letters=Letters(prompt=4.45, answer=4.45),
)

_PARETO = (
    "https://raw.githubusercontent.com/ParetoBandit/ParetoBandit/"
    "72ccbefe5cb858c95e00368e2b68de3c2b28a2ee/data_collection/rewards"
)

PARETOBANDIT = DataSet(
    name="paretobandit",
    title="ParetoBandit's judged answers: mixed benchmarks on Llama, Mistral and two Gemini models",
    licence="Apache-2.0",
    page="https://github.com/ParetoBandit/ParetoBandit",
    files=tuple(
        RemoteFile(url=f"{_PARETO}/{part}_k4.jsonl", name=f"{part}_k4.jsonl", about=part)
        for part in ("val", "test")
    ),
    layout="paretobandit",
    models=(
        Model("llama-3.1-8b-instruct", "meta-llama/llama-3.1-8b-instruct"),
        Model("mistral-large-2512", "mistralai/mistral-large-2512"),
        Model("gemini-2.5-flash", "google/gemini-2.5-flash"),
        Model("gemini-2.5-pro", "google/gemini-2.5-pro"),
    ),
    rows=(3_559, 3_559),
    cost="recorded dollars per request, reasoning tokens included",
    score="a judge's reward in [0, 1] for reasoning, instructions and communication",
    good_for="a recent zoo with a cost ratio of 500 and scores between 0 and 1",
    trap="rewards are high (0.79 to 0.93 on average); the three dear models are within one point",
    seen="ParetoBandit/ParetoBandit: data_collection/rewards/test_k4.jsonl",
)

_SPROUT = "https://huggingface.co/datasets/CARROT-LLM-Routing/SPROUT/resolve/main/data"

SPROUT = DataSet(
    name="sprout",
    title="SPROUT's test split (CARROT): six sources of prompts on thirteen models",
    licence="none stated",
    page="https://huggingface.co/datasets/CARROT-LLM-Routing/SPROUT",
    files=(
        RemoteFile(
            url=f"{_SPROUT}/test-00000-of-00001.parquet",
            name="test-00000-of-00001.parquet",
            about="test",
            max_bytes=400 * MB,
        ),
    ),
    layout="sprout",
    # Prices of somerstep/CARROT, carrot/constants.py.
    models=(
        Model("llama-3.2-1b-instruct", "wxai-llama-3-2-1b-instruct", Price(0.06, 0.06)),
        Model("llama-3.2-3b-instruct", "wxai-llama-3-2-3b-instruct", Price(0.06, 0.06)),
        Model("granite-3-2b-instruct", "wxai-granite-3-2b-instruct-8k-max-tokens", Price(0.1, 0.1)),
        Model("llama-3.1-8b-instruct", "wxai-llama-3-1-8b-instruct", Price(0.2, 0.2)),
        Model("granite-3-8b-instruct", "wxai-granite-3-8b-instruct-8k-max-tokens", Price(0.2, 0.2)),
        Model("gpt-4o-mini", "openai-gpt-4o-mini", Price(0.15, 0.6)),
        Model("mixtral-8x7b-instruct-v0.1", "wxai-mixtral-8x7b-instruct-v01", Price(0.6, 0.6)),
        Model("llama-3.1-70b-instruct", "wxai-llama-3-1-70b-instruct", Price(0.9, 0.9)),
        Model("llama-3.3-70b-instruct", "wxai-llama-3-3-70b-instruct", Price(0.9, 0.9)),
        Model("titan-text-premier-v1", "aws-titan-text-premier-v1", Price(0.8, 3.2)),
        Model("llama-3-405b-instruct", "wxai-llama-3-405b-instruct", Price(3.5, 3.5)),
        Model("gpt-4o", "openai-gpt-4o", Price(2.5, 10.0)),
        Model("claude-3-5-sonnet-v1", "aws-claude-3-5-sonnet-v1", Price(3.0, 15.0)),
    ),
    # The split has 6,637; a row that lacks a model's score is left out.
    rows=(6_000, 6_637),
    cost="recorded tokens x the list prices that CARROT uses",
    score="a judge model's mark of correctness in [0, 1]",
    good_for="a zoo of thirteen with recorded tokens, from 1B to the large proprietary models",
    trap="marks are a judge's; the address is not pinned to a revision; a large download",
    seen="somerstep/CARROT: carrot/gen_sprout.py and carrot/constants.py",
)
