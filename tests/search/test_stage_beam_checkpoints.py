import hashlib
from collections.abc import Callable
from itertools import count

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from PIL import Image

from langchain_llava_o1.staging.stages import STAGES
from tests.pictures.files import encode
from tests.saved import saved_sizes
from tests.scripted_model import Call, Reply, Script, ScriptedModel, prefer_larger, write_number
from tests.search.questions import NAMES, ask, compiled

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}


async def test_a_picture_does_not_multiply_in_checkpoints() -> None:
    noise = hashlib.shake_128(b"noise").digest(3 * 580 * 580)
    picture = encode(Image.frombytes("RGB", (580, 580), noise))
    totals = []
    for candidates in (1, 8):
        saver = InMemorySaver()
        graph = compiled(ScriptedModel(), checkpointer=saver)
        await graph.ainvoke(ask(picture), THREAD, context={"candidates": candidates})
        sizes = list(saved_sizes(saver))
        stages = [size for namespace, size in sizes if namespace]
        assert len(stages) > 4
        assert max(stages) < 20_000
        totals.append(sum(size for _, size in sizes))
    # As base64 it has 1.35 MB, and the conversation is saved four times: as it came in, as it was handed
    # on, as merged and with its answer. More candidates add text only.
    assert totals[0] < 4.1 * 1.36e6
    assert totals[1] - totals[0] < 0.4e6


class PowerCutError(Exception):
    pass


def cut_short(script: Script, is_counted: Callable[[Call], bool], at: int) -> Script:
    """Fail at the call with number ``at`` of those counted, once the others are done."""
    numbers = count(1)

    def reply(call: Call) -> Reply:
        if is_counted(call) and next(numbers) == at:
            raise PowerCutError
        return script(call)

    return reply


BROKEN_MODELS: dict[str, Callable[[], ScriptedModel]] = {
    "sample": lambda: ScriptedModel(
        write=cut_short(write_number, lambda call: call.stage.name == "caption", at=5)
    ),
    "match": lambda: ScriptedModel(
        judge=cut_short(prefer_larger, lambda call: STAGES[1].criterion in str(call.messages[-1].text), at=2)
    ),
}


@pytest.mark.parametrize("place", BROKEN_MODELS)
async def test_a_run_that_was_cut_short_goes_on_with_a_new_graph(place: str) -> None:
    context = {"seed": 5, "candidates": 5, "temperature": 0.7}
    expected, broken, model = ScriptedModel(), BROKEN_MODELS[place](), ScriptedModel()
    whole = await compiled(expected).ainvoke(ask(), context=context)
    saver = InMemorySaver()
    with pytest.raises(PowerCutError):
        await compiled(broken, checkpointer=saver).ainvoke(ask(), THREAD, context=context)
    resumed = await compiled(model, checkpointer=saver).ainvoke(None, THREAD)
    assert resumed["stages"] == whole["stages"]
    assert resumed["messages"][-1].content == whole["messages"][-1].content
    # What was finished is not done again, and what was cut short is done with the run's own settings.
    assert len(broken.calls) + len(model.calls) == len(expected.calls) + 1
    assert {call.parameters["temperature"] for call in model.sampling_calls} == {0.7}
    assert all(call.messages[0].content == ask()["messages"][0].content for call in model.calls)


async def test_a_second_question_of_a_thread_forgets_the_first_ones_stages() -> None:
    model = ScriptedModel()
    graph = compiled(model, checkpointer=InMemorySaver())
    first = await graph.ainvoke(ask(), THREAD, context={"seed": 1, "candidates": 4})
    model.calls.clear()
    follow_up: list[BaseMessage] = [HumanMessage("And dogs?")]
    second = await graph.ainvoke({"messages": follow_up}, THREAD, context={"seed": 1, "candidates": 2})
    assert [type(message) for message in second["messages"]] == [HumanMessage, AIMessage] * 2
    assert [len(second["stages"][name]["candidates"]) for name in NAMES] == [2, 2, 2, 2]
    assert [message.text for message in model.calls[0].messages[1:]] == [
        first["messages"][-1].text,
        "And dogs?",
    ]
    assert second["messages"][-1].response_metadata["num_calls"] == len(model.calls)
