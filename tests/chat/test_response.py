"""Responses made from an engine's deltas, whatever their text."""

from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.chat.response import Response, collect_message
from langchain_llava_o1.engine.request import Request, Turn
from langchain_llava_o1.staging.stages import STAGES
from tests.scripted_engine import ScriptedEngine


@given(st.text(alphabet="ab <>/\n", max_size=30), st.integers(1, 9), st.booleans())
def test_a_response_never_loses_an_unstaged_text(text: str, chunk_size: int, is_v1: bool) -> None:
    response = Response(model_name="any", is_v1=is_v1)
    engine = ScriptedEngine(text, chunk_size)
    request = Request(turns=(Turn("user", ("a",)),))
    chunks = [chunk for delta in engine.generate(request) for chunk in response.feed(delta)]
    assert collect_message(chunks).text == text


@given(st.lists(st.text(alphabet="ab (<\n", max_size=9), min_size=4, max_size=4), st.integers(1, 30))
def test_a_response_gives_every_stage(bodies: list[str], chunk_size: int) -> None:
    wrapped = [f"{s.opening}{body}{s.closing}" for s, body in zip(STAGES, bodies, strict=True)]
    response = Response(model_name="any")
    request = Request(turns=(Turn("user", ("a",)),))
    deltas = ScriptedEngine("\n".join(wrapped), chunk_size).generate(request)
    message = collect_message([chunk for delta in deltas for chunk in response.feed(delta)])
    hidden = [s.wrap(body) for s, body in zip(STAGES, bodies, strict=True)][:3]
    assert message.additional_kwargs["reasoning_content"] == "\n\n".join(hidden)
    assert message.content == bodies[3].strip()
