"""Token sequences to learn from: answers in stages, and comparisons of candidates."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from transformers import MllamaProcessor

from langchain_llava_o1.drawn.items import Item, captions
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import comparison_prompt
from langchain_llava_o1.staging.stages import STAGES, Stage
from recipes.tiny.pairs import TALLY, Verdict, corrupt, corrupt_content, judge_pair

IGNORED = -100
"""Label of tokens without loss."""

JUDGED_STAGES = ("summary", *("caption",) * 5, *("reasoning",) * 3, "conclusion")
CHOICE_ALONE_SHARE = 0.25
TIE_SHARE = 0.25
CHOICE_WEIGHT = 6.0
"""Of the one token that chooses, against the many around it."""

_EVIDENCE = -4
"""Where the last word of what a score rests on stands, seen from the middle of ", so 1 to 0"."""

_CHOICE = -2
"""Where the number of the better response stands in a comparison: before the end of the turn."""


@dataclass(frozen=True)
class TokenSequence:
    """Tokens and, aligned with them, labels and their weights in the loss."""

    tokens: list[int]
    labels: list[int]
    weights: list[float]


class Encoder:
    """Writes conversations as token sequences in the checkpoint's chat format."""

    def __init__(
        self, processor: MllamaProcessor, *, evidence_weight: float = 1.0, tally_weight: float = 1.0
    ) -> None:
        """Choose how much the parts of a verdict count.

        Args:
            processor: Its tokenizer is used.
            evidence_weight: Of what a score rests on: what is seen at a place.
            tally_weight: Of the scores.
        """
        self._tokenizer = processor.tokenizer
        self._evidence_weight, self._tally_weight = evidence_weight, tally_weight
        (self._between_scores,) = self.text(TALLY)
        self.pad = processor.tokenizer.pad_token_id
        self.image = self._special("<|image|>")
        self._end = self._special("<|eot_id|>")

    def _special(self, token: str) -> int:
        return int(self._tokenizer.convert_tokens_to_ids(token))

    def text(self, text: str) -> list[int]:
        """Tokenize plain text."""
        return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids)

    def header(self, role: str) -> list[int]:
        """Open a turn."""
        start, end = self._special("<|start_header_id|>"), self._special("<|end_header_id|>")
        return [start, *self.text(role), end, *self.text("\n\n")]

    def question(self, prompt: str) -> list[int]:
        """Write the first user turn, with its picture, up to its end."""
        return [
            self._special("<|begin_of_text|>"),
            *self.header("user"),
            self.image,
            *self.text(prompt),
            self._end,
        ]

    def answer(self, item: Item, stages: Sequence[str], *, num_given: int = 0) -> TokenSequence:
        """Write an item answered in all stages; the loss is on those after the first ``num_given``."""
        prompt = [*self.question(item.prompt), *self.header("assistant")]
        given, written = self.text(join_stages(stages[:num_given])), self.text(join_stages(stages))
        # Tags are single tokens, so the stages given are a prefix of all stages in tokens, too.
        prompt += given
        reply = [*written[len(given) :], self._end]
        tokens = prompt + reply
        return TokenSequence(tokens, [IGNORED] * len(prompt) + reply, [1.0] * len(tokens))

    def comparison(
        self,
        item: Item,
        accepted: Sequence[str],
        stage: Stage,
        pair: tuple[str, str],
        verdict: Verdict,
        *,
        with_reason: bool,
        learn_accepted: bool,
    ) -> TokenSequence:
        """Write a judge's conversation; the loss is on the verdict and, if asked for, the accepted stages.

        A tie teaches its reason, not its choice.
        """
        tokens, labels = self.question(item.prompt), []
        labels += [IGNORED] * len(tokens)
        if accepted:
            header, reply = self.header("assistant"), [*self.text(join_stages(accepted)), self._end]
            tokens += header + reply
            labels += [IGNORED] * len(header)
            # The end of turn is not learned here: the answer goes on after an accepted stage.
            labels += [*reply[:-1], IGNORED] if learn_accepted else [IGNORED] * len(reply)
        instruction = comparison_prompt(StagePart(stage), *pair, with_reason=with_reason)
        prompt = [*self.header("user"), *self.text(instruction), self._end, *self.header("assistant")]
        reply = [*self.text(verdict.text(with_reason=with_reason)), self._end]
        tokens += prompt + reply
        labels += [IGNORED] * len(prompt) + reply
        weights = [1.0] * len(tokens)
        for position in range(len(tokens) - len(reply), len(tokens)):
            if tokens[position] == self._between_scores:
                weights[position + _EVIDENCE] = self._evidence_weight
                weights[position - 1] = weights[position + 1] = self._tally_weight
        weights[_CHOICE] = CHOICE_WEIGHT
        if verdict.is_tie:
            labels[_CHOICE] = IGNORED
        return TokenSequence(tokens, labels, weights)


def join_stages(texts: Sequence[str]) -> str:
    """Write the texts of the first stages as an answer."""
    return "\n\n".join(stage.wrap(text) for stage, text in zip(STAGES, texts, strict=False))


def reference_stages(item: Item, rng: random.Random) -> tuple[str, str, str, str]:
    """Choose a right wording of every stage."""
    return (
        rng.choice(item.summaries()),
        rng.choice(item.captions()),
        rng.choice(item.reasonings(item.content)),
        rng.choice(item.conclusions(item.content)),
    )


def answer_after_errors(encoder: Encoder, item: Item, rng: random.Random) -> TokenSequence | None:
    """Write an answer that goes on from a caption with errors; None where the caption leaves it open.

    A search accepts a caption and relies on the reasoning to follow it, not to look again.
    """
    content = corrupt_content(item.content, rng, rng.choice((1, 1, 2)))
    reasonings = item.reasonings(content)
    if not reasonings:
        return None
    stages = (
        rng.choice(item.summaries()),
        rng.choice(captions(content)),
        rng.choice(reasonings),
        rng.choice(item.conclusions(content)),
    )
    return encoder.answer(item, stages, num_given=2)


def corrupted_comparison(
    encoder: Encoder, item: Item, rng: random.Random, *, learn_accepted: bool = True
) -> TokenSequence | None:
    """Write a comparison of two wordings of a stage, one of them or both (rarely none) corrupted."""
    name = rng.choice(JUDGED_STAGES)
    index = [stage.name for stage in STAGES].index(name)
    accepted = reference_stages(item, rng)
    first, second = (reference_stages(item, rng)[index] for _ in range(2))
    if rng.random() >= TIE_SHARE:
        spoiled = rng.choice(((True, False), (False, True)))
        if name == "caption" and rng.random() < 0.4:
            spoiled = (True, True)
        first = corrupt(item, name, rng) if spoiled[0] else first
        second = corrupt(item, name, rng) if spoiled[1] else second
    verdict = judge_pair(item, name, accepted[1], first, second, rng)
    with_reason = rng.random() >= CHOICE_ALONE_SHARE
    if verdict is None or first == second or (verdict.is_tie and not with_reason):
        return None
    return encoder.comparison(
        item,
        accepted[:index],
        STAGES[index],
        (first, second),
        verdict,
        with_reason=with_reason,
        learn_accepted=learn_accepted,
    )
