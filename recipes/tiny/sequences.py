"""Token sequences to learn from: answers in stages, comparisons of candidates, and practice."""

import random
from collections.abc import Sequence

from transformers import MllamaProcessor

from langchain_llava_o1.drawn.captions import captions
from langchain_llava_o1.drawn.charts import MOST_VALUE, SumChart
from langchain_llava_o1.drawn.items import Item
from langchain_llava_o1.drawn.sum_questions import ADDED
from langchain_llava_o1.drawn.trail_maps import TrailMap
from langchain_llava_o1.staging.parts.answer import WHOLE_ANSWER
from langchain_llava_o1.staging.parts.part import Part
from langchain_llava_o1.staging.parts.stage import StagePart
from langchain_llava_o1.staging.prompts import DESCRIPTION_REQUEST, comparison_prompt
from langchain_llava_o1.staging.stages import STAGES
from recipes.tiny.corruption import corrupt, corrupt_answer, corrupt_told
from recipes.tiny.token_sequence import IGNORED, Exchange, Span, TokenChoice, TokenSequence
from recipes.tiny.verdicts import MARKS, TALLY, Verdict, judge_pair

JUDGED_STAGES = ("summary", *("caption",) * 5, *("reasoning",) * 3, "conclusion")
WHOLE_ANSWER_SHARE = 0.15
"""Of the comparisons, those of two whole answers."""

BOTH_WRONG_SHARE = 0.3
CHOICE_ALONE_SHARE = 0.25
TIE_SHARE = 0.25
CHOICE_WEIGHT = 6.0
"""Of the one token that chooses, against the many around it."""

_DESCRIPTION_PLAN = "Asked is a description. I say what the picture shows."

_EVIDENCE = -4
"""Where the last word of what a score rests on stands, seen from the middle of ", so 1 to 0"."""

_CHOICE = -2
"""Where the number of the better response stands in a comparison: before the end of the turn."""


class Encoder:
    """Writes conversations as token sequences in the checkpoint's chat format."""

    def __init__(
        self,
        processor: MllamaProcessor,
        *,
        evidence_weight: float = 1.0,
        tally_weight: float = 1.0,
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
        self._marks = {self.text(mark)[-1] for mark in MARKS}
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

    def question(
        self, prompt: str, earlier: Sequence[Exchange] = (), *, is_shown_again: bool = False
    ) -> list[int]:
        """Write a conversation up to the end of the user's last turn.

        Args:
            prompt: The last question.
            earlier: What was asked before it; the first turn has the picture.
            is_shown_again: Whether the last turn has a picture, too.
        """
        turns = [exchange.question for exchange in earlier] + [prompt]
        tokens = [self._special("<|begin_of_text|>")]
        for number, turn in enumerate(turns):
            has_picture = number == 0 or (is_shown_again and number == len(earlier))
            tokens += [*self.header("user"), *[self.image] * has_picture, *self.text(turn), self._end]
            if number < len(earlier):
                tokens += [*self.header("assistant"), *self.text(earlier[number].conclusion), self._end]
        return tokens

    def answer(
        self,
        item: Item,
        stages: Sequence[str],
        *,
        num_given: int = 0,
        earlier: Sequence[Exchange] = (),
        is_shown_again: bool = False,
    ) -> TokenSequence:
        """Write an item answered in all stages; the loss is on those after the first ``num_given``."""
        asked = self.question(item.prompt, earlier, is_shown_again=is_shown_again)
        return self._stages(asked, stages, num_given)

    def chosen(self, item: Item, stages: Sequence[Sequence[Span]]) -> TokenSequence:
        """Write an answer span by span; the loss is on those that are learned, and on the tags."""
        tokens = [*self.question(item.prompt), *self.header("assistant")]
        labels = [IGNORED] * len(tokens)
        choices = []
        for index, (stage, spans) in enumerate(zip(STAGES, stages, strict=True)):
            opening = Span("\n\n" * (index > 0) + stage.opening)
            for span in (opening, *spans, Span(stage.closing)):
                found = self.text(span.text)
                if span.choices:
                    (_,) = found
                    any_of = [token for choice in span.choices for token in self.text(choice)]
                    choices.append(TokenChoice(len(tokens), tuple(any_of)))
                is_label = span.is_learned and not span.choices
                tokens += found
                labels += found if is_label else [IGNORED] * len(found)
        weights = [1.0] * (len(tokens) + 1)
        return TokenSequence([*tokens, self._end], [*labels, self._end], weights, choices)

    def description(self, item: Item) -> TokenSequence:
        """Write what an index is made of: the first stages, up to a caption of all that a picture holds."""
        asked = self.question(DESCRIPTION_REQUEST)
        return self._stages(asked, (_DESCRIPTION_PLAN, captions(item.content)[0]), 0)

    def sums(self, rng: random.Random, length: int) -> TokenSequence:
        """Write sums of numbers as reasonings have them, without a picture; about ``length`` tokens."""
        tokens, labels = [self._special("<|begin_of_text|>")], [IGNORED]
        while len(tokens) < length:
            total, *values = rng.sample(range(1, MOST_VALUE + 1), ADDED)
            for value in values:
                given, found = self.text(f" {total} and {value} make"), self.text(f" {total + value},")
                tokens += given + found
                labels += [IGNORED] * len(given) + found
                total += value
        return TokenSequence(tokens, labels, [1.0] * len(tokens))

    def _stages(self, asked: Sequence[int], stages: Sequence[str], num_given: int) -> TokenSequence:
        prompt = [*asked, *self.header("assistant")]
        written = self.text(join_stages(stages))
        # Tags are single tokens, so the stages given are a prefix of all stages in tokens, too.
        given = self.text(join_stages(stages[:num_given])) if num_given else []
        prompt += given
        is_whole = len(stages) == len(STAGES)
        reply = [*written[len(given) :], *[self._end] * is_whole]
        tokens = prompt + reply
        return TokenSequence(tokens, [IGNORED] * len(prompt) + reply, [1.0] * len(tokens))

    def comparison(
        self,
        item: Item,
        accepted: Sequence[str],
        part: Part,
        pair: tuple[str, str],
        verdict: Verdict,
        *,
        with_reason: bool,
        learn_accepted: bool,
        earlier: Sequence[Exchange] = (),
    ) -> TokenSequence:
        """Write a judge's conversation; the loss is on the verdict and, if asked for, the accepted stages.

        A tie teaches its reason, not its choice.
        """
        tokens, labels = self.question(item.prompt, earlier), []
        labels += [IGNORED] * len(tokens)
        if accepted:
            header, reply = self.header("assistant"), [*self.text(join_stages(accepted)), self._end]
            tokens += header + reply
            labels += [IGNORED] * len(header)
            # The end of turn is not learned here: the answer goes on after an accepted stage.
            labels += [*reply[:-1], IGNORED] if learn_accepted else [IGNORED] * len(reply)
        instruction = comparison_prompt(part, *pair, with_reason=with_reason)
        prompt = [*self.header("user"), *self.text(instruction), self._end, *self.header("assistant")]
        reply = [*self.text(verdict.text(with_reason=with_reason)), self._end]
        tokens += prompt + reply
        labels += [IGNORED] * len(prompt) + reply
        weights = [1.0] * len(tokens)
        for position in range(len(tokens) - len(reply), len(tokens)):
            if tokens[position] in self._marks:
                weights[position] = self._tally_weight
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
        rng.choice(item.reasonings(item.told)),
        rng.choice(item.conclusions(item.told)),
    )


def answer_after_errors(encoder: Encoder, item: Item, rng: random.Random) -> TokenSequence | None:
    """Write an answer that goes on from a caption with errors; None where the caption leaves it open.

    A search accepts a caption and relies on the reasoning to follow it, not to look again.
    """
    told = corrupt_told(item, rng, rng.choice((1, 1, 2)))
    reasonings = item.reasonings(told)
    if not reasonings:
        return None
    stages = (
        rng.choice(item.summaries()),
        rng.choice(captions(told)),
        rng.choice(reasonings),
        rng.choice(item.conclusions(told)),
    )
    return encoder.answer(item, stages, num_given=2)


def corrupted_comparison(
    encoder: Encoder,
    item: Item,
    rng: random.Random,
    *,
    learn_accepted: bool = True,
    earlier: Sequence[Exchange] = (),
) -> TokenSequence | None:
    """Write a comparison of two stages or answers, one of them or both (rarely none) corrupted."""
    name = "answer" if rng.random() < WHOLE_ANSWER_SHARE else rng.choice(JUDGED_STAGES)
    spoiled = rng.choice(((True, False), (False, True)))
    if rng.random() < BOTH_WRONG_SHARE:
        spoiled = (True, True)
    if rng.random() < TIE_SHARE / 2:
        spoiled = (False, False)
    accepted: Sequence[str] = ()
    part: Part = WHOLE_ANSWER
    if name == "answer":
        pair = [
            join_stages(corrupt_answer(item, rng) if is_spoiled else reference_stages(item, rng))
            for is_spoiled in spoiled
        ]
    else:
        index = [stage.name for stage in STAGES].index(name)
        part, accepted = StagePart(STAGES[index]), reference_stages(item, rng)[:index]
        pair = [
            corrupt(item, name, rng) if is_spoiled else reference_stages(item, rng)[index]
            for is_spoiled in spoiled
        ]
    verdict = judge_pair(item, name, accepted, pair[0], pair[1], rng)
    with_reason = name == "answer" or needs_reason(item) or rng.random() >= CHOICE_ALONE_SHARE
    if verdict is None or pair[0] == pair[1] or (verdict.is_tie and not with_reason):
        return None
    return encoder.comparison(
        item,
        accepted,
        part,
        (pair[0], pair[1]),
        verdict,
        with_reason=with_reason,
        learn_accepted=learn_accepted,
        earlier=earlier,
    )


def needs_reason(item: Item) -> bool:
    """Tell whether candidates can only be compared by following up what each chose, in writing."""
    return isinstance(item.content, TrailMap | SumChart)
