"""Pairs of candidates and the right verdict on them, decided by what the picture really holds."""

import random
import re
from dataclasses import dataclass

from langchain_llava_o1.prompts import VERDICT_PREFIX
from langchain_llava_o1.tiny.canvas import COLOURS
from langchain_llava_o1.tiny.charts import Chart
from langchain_llava_o1.tiny.items import LETTERS, Item, captions, find_content, read_caption
from langchain_llava_o1.tiny.questions import NUMBERS, Content
from langchain_llava_o1.tiny.scenes import CELLS, SHAPES, SIZES, Scene, Thing

TIE_REASON = "I see no error in either."


@dataclass(frozen=True)
class Verdict:
    """The right verdict on a pair: why, and which response (1 or 2)."""

    reason: str
    choice: int

    def text(self, *, with_reason: bool) -> str:
        """Write the verdict as the model is to write it."""
        choice = f"{VERDICT_PREFIX} {self.choice}"
        return f"{self.reason}\n{choice}" if with_reason else choice


@dataclass(frozen=True)
class StageTruth:
    """What is right for one stage of an item, given the accepted stages before it.

    Attributes:
        rights: Every right text.
        reason: What a judge says is right.
    """

    rights: tuple[str, ...]
    reason: str


def stage_truth(item: Item, stage_name: str, accepted_caption: str) -> StageTruth | None:
    """Return what is right for a stage; None where the accepted caption leaves it open."""
    if stage_name == "summary":
        return StageTruth(item.summaries(), f"The question asks {item.question.topic}.")
    if stage_name == "caption":
        return StageTruth(item.captions(), "")
    content = read_caption(accepted_caption)
    if content is None or type(content) is not type(item.content):
        return None
    reasonings = item.reasonings(content)
    if not reasonings:
        return None
    if stage_name == "reasoning":
        return StageTruth(reasonings, reasonings[0])
    answer = reasonings[0][reasonings[0].rindex("The answer is") :]
    return StageTruth(item.conclusions(content), answer)


def judge_pair(
    item: Item, stage_name: str, accepted_caption: str, first: str, second: str, rng: random.Random
) -> Verdict | None:
    """Return the right verdict on two candidates; None where neither is better for a plain reason."""
    truth = stage_truth(item, stage_name, accepted_caption)
    if truth is None:
        return None
    is_right = (first.strip() in truth.rights, second.strip() in truth.rights)
    if all(is_right):
        return Verdict(TIE_REASON, rng.choice((1, 2)))
    if stage_name == "caption":
        return _judge_captions(item.content, first, second)
    if not any(is_right):
        return None
    return Verdict(truth.reason, 1 if is_right[0] else 2)


def _judge_captions(truth: Content, first: str, second: str) -> Verdict | None:
    """Decide at the first place where exactly one of two captions is right."""
    one, other = _places(find_content(first)), _places(find_content(second))
    if one is None or other is None:
        return None
    real = _places(truth) or {}
    names = (
        list(CELLS) if isinstance(truth, Scene) else [*real, *(name for name in COLOURS if name not in real)]
    )
    for name in names:
        is_right = (one.get(name) == real.get(name), other.get(name) == real.get(name))
        if is_right[0] != is_right[1]:
            return Verdict(_describe_place(truth, name, real.get(name)), 1 if is_right[0] else 2)
    return None


def _describe_place(truth: Content, name: str, found: str | None) -> str:
    if isinstance(truth, Chart):
        return f"The {name} bar has {found}." if found else f"There is no {name} bar."
    return f"At {name} the picture shows a {found}." if found else f"At {name} the picture shows nothing."


def _places(content: Content | None) -> dict[str, str] | None:
    if content is None:
        return None
    if isinstance(content, Scene):
        places = {thing.cell: f"{thing.size} {thing.colour} {thing.shape}" for thing in content.things}
        return places if len(places) == len(content.things) else None
    places = {bar.colour: str(bar.value) for bar in content.bars}
    return places if len(places) == len(content.bars) else None


_WORDS = {
    word: alternatives
    for alternatives in (CELLS, SIZES, tuple(COLOURS), SHAPES, ("yes", "no"), LETTERS)
    for word in alternatives
}


def corrupt(text: str, rng: random.Random) -> str:
    """Change one or two facts in a text: a place, an attribute, a number, an answer, a whole object."""
    content = read_caption(text)
    if isinstance(content, Scene) and rng.random() < 0.45:
        return rng.choice(captions(_corrupt_scene(content, rng)))
    for _ in range(rng.choice((1, 1, 2))):
        matches = [
            match
            for match in re.finditer(r"\b(?:[A-D][1-4]?|\d+|[a-z]+?)(?=s?\b)", text)
            if match[0].isdigit() or match[0] in _WORDS
        ]
        if not matches:
            return text
        match = rng.choice(matches)
        text = text[: match.start()] + _other_word(match[0], rng) + text[match.end() :]
    return text


def _other_word(word: str, rng: random.Random) -> str:
    if word.isdigit():
        near = [number for number in NUMBERS if 0 < abs(int(number) - int(word)) <= 2]
        return rng.choice(near or NUMBERS)
    return rng.choice([other for other in _WORDS[word] if other != word])


def _corrupt_scene(scene: Scene, rng: random.Random) -> Scene:
    things = list(scene.things)
    free = [cell for cell in CELLS if cell not in {thing.cell for thing in things}]
    if len(things) > 1 and rng.random() < 0.5:
        things.remove(rng.choice(things))
    else:
        like = rng.choice(things)
        things.append(Thing(rng.choice(free), like.size, like.colour, like.shape))
    return Scene(tuple(sorted(things, key=lambda thing: thing.cell)))
