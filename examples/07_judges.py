"""Judges: the model itself, its confidence, a function that compares, a function that scores, and a vote.

Needs `pip install langchain-llava-o1`.
"""

from langchain_core.messages import BaseMessage, HumanMessage

from langchain_llava_o1 import (
    ChatLlavaO1,
    Comparison,
    ConfidenceJudge,
    FunctionJudge,
    GenerativeJudge,
    LikelihoodJudge,
    RewardJudge,
    VotingJudge,
    create_stage_beam,
    image_block,
)
from langchain_llava_o1.tiny import DEMO_QUESTION, demo_picture_path

model = ChatLlavaO1(model="tiny")
question = HumanMessage([image_block(demo_picture_path()), {"type": "text", "text": DEMO_QUESTION}])


def prefer_detail(comparison: Comparison) -> int:
    """Choose the candidate that names more places of the grid; return 1 or 2."""
    first, second = (
        sum(word[:1] in "ABCD" for word in text.split()) for text in (comparison.first, comparison.second)
    )
    return 1 if first >= second else 2


def reward(conversation: list[BaseMessage]) -> float:
    """Like short answers; the conversation ends in the answer so far."""
    return -len(str(conversation[-1].text))


judges = {
    "the model itself": None,
    "the model's confidence": ConfidenceJudge(),
    "a function that compares": prefer_detail,
    "a function that scores": RewardJudge(reward),
    "a vote": VotingJudge([GenerativeJudge(model), LikelihoodJudge(model), FunctionJudge(prefer_detail)]),
}
for name, judge in judges.items():
    graph = create_stage_beam(model, judge=judge).compile()
    result = graph.invoke({"messages": [question]}, context={"candidates": 3, "seed": 2})
    caption = result["stages"]["caption"]
    reasons = [match["reason"][:60] for match in caption["matches"]] or caption["scores"]
    print(f"{name}: {result['messages'][-1].text} (captions: {reasons})")
