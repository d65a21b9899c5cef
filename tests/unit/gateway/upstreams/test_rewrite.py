import string
from collections.abc import Sequence
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from messplus.gateway.upstreams import Answered, StreamRewriter, Usage, rewrite_json
from messplus.gateway.upstreams.splice import Splicer

HEAD = b'{"id":"up-1","object":"chat.completion.chunk","created":1,"model":"gpt","choices":['
USAGE = (
    b'{"id":"up-1","model":"gpt","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}'
)


def chunk(content: str, finish: str | None = None) -> bytes:
    delta = orjson.dumps({"index": 0, "delta": {"content": content}, "finish_reason": finish})
    return HEAD + delta + b"]}"


def stream(*chunks: bytes, end: bytes = b"\n") -> bytes:
    return b"".join(b"data: " + one + end + end for one in (*chunks, b"[DONE]"))


def rewritten(pieces: Sequence[bytes], *, include_usage: bool = False) -> tuple[bytes, Answered]:
    rewriter = StreamRewriter(model="small", id="ours", include_usage=include_usage)
    out = b"".join([*(rewriter.feed(piece) for piece in pieces), rewriter.end()])
    return out, rewriter.answered()


def test_chunks_say_our_names_and_are_otherwise_as_they_were() -> None:
    told = [chunk("Hel"), chunk("lo", "stop"), USAGE]
    out, answered = rewritten([stream(*told)], include_usage=True)
    ours = [one.replace(b'"up-1"', b'"ours"').replace(b'"gpt"', b'"small"') for one in told]
    assert out == stream(*ours)
    assert answered == Answered(usage=Usage(5, 2), text="Hello", finish_reason="stop")


def test_the_chunk_of_usage_is_for_those_who_asked() -> None:
    out, answered = rewritten([stream(chunk("Hi", "stop"), USAGE)])
    assert b"prompt_tokens" not in out
    assert out.endswith(b"data: [DONE]\n\n")
    assert answered.usage == Usage(5, 2)


def test_an_empty_first_chunk_without_usage_is_passed_on() -> None:
    first = b'{"id":"a","model":"b","choices":[],"prompt_filter_results":[]}'
    assert b"prompt_filter_results" in rewritten([stream(first)])[0]


def test_comments_other_events_and_what_is_no_json_pass_as_they_are() -> None:
    for event in (b": ping\n\n", b"event: ping\ndata: {}\n\n", b"data: nonsense\n\n", b"data\n\n",
                  b'data: {"error":{"message":"x","model":"gpt"}}\n\n', b"retry: 10\n\n",
                  b"data: [1]\n\n"):  # fmt: skip
        assert rewritten([event])[0] == event


def test_data_on_several_lines_is_put_on_one() -> None:
    event = b'id: 7\r\ndata: {"model":"gpt",\r\ndata:  "choices":[]}\r\n\r\n'
    out, _ = rewritten([event])
    assert out.splitlines()[0] == b"id: 7"
    assert orjson.loads(out.splitlines()[1].removeprefix(b"data: ")) == {
        "model": "small", "id": "ours", "choices": []
    }  # fmt: skip


def test_done_is_known_as_soon_as_it_has_come() -> None:
    rewriter = StreamRewriter(model="m", id=None, include_usage=False)
    rewriter.feed(b"data: " + chunk("x") + b"\n\ndata: [DONE]")
    assert not rewriter.done
    rewriter.feed(b"\n\n")
    assert rewriter.done


def test_a_stream_that_ends_early_says_so_and_is_counted() -> None:
    rewriter = StreamRewriter(model="m", id=None, include_usage=False, prompt_tokens=9)
    rewriter.feed(b"data: " + chunk("12345678") + b"\n\n")
    answered = rewriter.answered()
    assert "ended before" in answered.error
    assert answered.usage == Usage(9, 2, counted=True)


def test_a_finished_stream_without_done_is_whole() -> None:
    assert rewritten([b"data: " + chunk("x", "stop") + b"\n\n"])[1].error == ""


def test_streams_of_other_apis_end_in_their_own_way() -> None:
    last = b'event: response.completed\ndata: {"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4}}}\n\n'
    out, answered = rewritten([b'data: {"type":"response.created","response":{}}\n\n', last])
    assert out.endswith(last)
    assert (answered.usage, answered.error) == (Usage(3, 4), "")


def test_an_error_in_the_stream_is_noted() -> None:
    _, answered = rewritten([b'data: {"error":{"message":"out of memory"}}\n\n'])
    assert answered.error == "out of memory"


def test_tools_and_further_choices_count_but_are_not_the_text() -> None:
    first = b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":""}}]}}]}'
    more = b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1234"}}]}},{"index":1,"delta":{"content":"5678"}}]}'
    _, answered = rewritten([stream(first, more)])
    assert answered.tool_calls == ("f",)
    assert answered.text == ""
    assert answered.usage.output_tokens == 2


def test_completions_have_their_text_elsewhere() -> None:
    _, answered = rewritten([stream(b'{"choices":[{"text":"Hi","finish_reason":"length"}]}')])
    assert (answered.text, answered.finish_reason) == ("Hi", "length")


LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(
    st.lists(st.text(max_size=12).map(chunk), max_size=6),
    LINE_ENDS,
    st.lists(st.integers(0, 2000), max_size=30),
)
def test_any_split_gives_the_same(chunks: list[bytes], end: bytes, cuts: list[int]) -> None:
    whole = b": hi" + end + end + stream(*chunks, USAGE, end=end)
    at = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(at)]
    out, answered = rewritten(pieces)
    assert (out, answered) == rewritten([whole])
    assert answered.text == "".join(
        orjson.loads(one)["choices"][0]["delta"]["content"] for one in chunks
    )
    assert b"gpt" not in out.replace(b'"content"', b"") or any(b"gpt" in one for one in chunks)


KEYS = st.sampled_from(["model", "id", "choices", "x", '"', "\\", "{", "}", 'model":"gpt', ""])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet=string.printable, max_size=10)
    | st.sampled_from(['"model":"gpt"', ',"id":"up"}', "\\", '\\"', "}]", "é\U0001f600"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)


@given(st.lists(OBJECTS, min_size=1, max_size=4), st.booleans())
def test_only_the_top_level_changes(objects: list[dict[str, object]], pretty: bool) -> None:
    splice = Splicer({"model": "small", "id": "ours"})
    for parsed in objects:
        data = orjson.dumps(parsed, option=orjson.OPT_INDENT_2 if pretty else 0)
        want = {**parsed, "model": "small", "id": "ours"}
        assert orjson.loads(splice(data, parsed)) == want
        # Once more: the position of the last one is tried first.
        assert orjson.loads(splice(data, parsed)) == want


def test_numbers_and_spaces_are_not_written_anew() -> None:
    data = (
        b'{ "choices" : [ {"logprob" : -1.00e-05, "id":"a"} ] , "model" :"gpt", "n":1.0,"id":"b" }'
    )
    out = Splicer({"model": "small", "id": "ours"})(data, orjson.loads(data))
    assert out == data.replace(b'"gpt"', b'"small"').replace(b'"b"', b'"ours"')


def test_a_value_that_is_no_text_is_replaced_too() -> None:
    data = b'{"model":{"model":"gpt"},"id":7,"choices":[]}'
    out = Splicer({"model": "small", "id": "ours"})(data, orjson.loads(data))
    assert out == b'{"model":"small","id":"ours","choices":[]}'


def test_what_looks_alike_at_first_is_not_taken_for_the_same() -> None:
    splice = Splicer({"model": "small"})
    first, second = b'{"model":"gpt","choices":[]}', b'{"model":"gpt","x":1,"model":"gpt"}'
    assert splice(first, orjson.loads(first)) == b'{"model":"small","choices":[]}'
    assert splice(second, orjson.loads(second)) == b'{"model":"small","x":1,"model":"small"}'


def test_keys_in_escapes_are_found() -> None:
    data = rb'{"mod\u0065l":"gpt","choices":[]}'
    out = Splicer({"model": "small"})(data, orjson.loads(data))
    assert orjson.loads(out) == {"model": "small", "choices": []}


def test_a_whole_answer_says_our_names() -> None:
    body = b'{"id":"up","model":"gpt","choices":[{"message":{"content":"\\"model\\":\\"gpt\\""},"finish_reason":"stop"}]}'
    out, answered = rewrite_json(body, model="small", id="ours", prompt_tokens=3)
    assert out == body.replace(b'"up"', b'"ours"').replace(b'"model":"gpt"', b'"model":"small"')
    assert answered.text == '"model":"gpt"'
    assert answered.usage == Usage(3, 4, counted=True)


def test_embeddings_get_no_id() -> None:
    body = (
        b'{"object":"list","data":[{"embedding":[0.10]}],"model":"up","usage":{"prompt_tokens":2}}'
    )
    out, answered = rewrite_json(body, model="small", id="ours")
    assert out == body.replace(b'"up"', b'"small"')
    assert answered.usage == Usage(2, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'"model"'])
def test_what_is_no_object_passes(body: bytes) -> None:
    out, answered = rewrite_json(body, model="small", id="ours")
    assert out == body
    assert answered.error
