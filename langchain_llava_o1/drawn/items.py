"""Items: a picture, a question in some form, and every right text of each stage.

Seeds below ``EVALUATION_SEED`` are for training, those from it on for evaluation; an item
is the same for the same seed and difficulty.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import Drawing
from langchain_llava_o1.drawn.captions import answer_in, captions, is_alike, read_caption
from langchain_llava_o1.drawn.chart_questions import CHART_QUESTIONS
from langchain_llava_o1.drawn.charts import Chart, SumChart, draw_chart, sample_chart, sample_sum_chart
from langchain_llava_o1.drawn.questions import Content, Question, Solution
from langchain_llava_o1.drawn.scene_questions import SCENE_QUESTIONS
from langchain_llava_o1.drawn.scenes import Scene, draw_scene, sample_scene
from langchain_llava_o1.drawn.sum_questions import SUM_QUESTIONS
from langchain_llava_o1.drawn.trail_maps import TrailMap, draw_map, sample_map
from langchain_llava_o1.drawn.trail_questions import TRAIL_QUESTIONS

EVALUATION_SEED = 10**9
LETTERS = "ABCD"
CHART_SHARE = 0.3
SUM_SHARE = 0.125
"""Of the puzzles; the others are trails."""


class Form(StrEnum):
    """In which form a question wants its answer."""

    SHORT = "short"
    OPTIONS = "options"
    SENTENCE = "sentence"
    EXPLANATION = "explanation"


_REQUESTS = {
    Form.SHORT: ("", " Answer briefly."),
    Form.OPTIONS: (" Answer with the letter.", " Choose the right option."),
    Form.SENTENCE: (" Answer in a full sentence.", " Use a full sentence."),
    Form.EXPLANATION: (" Explain your answer.", " Give a reason."),
}
_FORM_PLANS = {
    Form.SHORT: "",
    Form.OPTIONS: ", then choose the letter",
    Form.SENTENCE: ", then write a sentence",
    Form.EXPLANATION: ", then explain",
}


@dataclass(frozen=True)
class Item:
    """A question about a picture with its right answers."""

    seed: int
    difficulty: Difficulty
    content: Content
    drawing: Drawing
    question: Question
    form: Form
    options: tuple[str, ...]
    prompt: str

    @property
    def picture(self) -> Image.Image:
        """The picture, RGB."""
        return self.drawing.picture

    @property
    def kind(self) -> str:
        """The kind of question."""
        return self.question.kind

    @property
    def answer(self) -> str:
        """The answer in its shortest form: the letter where there are options."""
        solution = self.question.solve(self.told)
        assert solution is not None, "a question is only chosen where its picture answers it"
        return self.option_of(solution.answer) or solution.answer

    @property
    def told(self) -> Content:
        """What a right caption tells: all that the picture holds or, of a map, the trail that matters."""
        return self.question.told or self.content

    def option_of(self, answer: str) -> str | None:
        """Return the letter of an answer, None without options or where none has it."""
        return LETTERS[self.options.index(answer)] if answer in self.options else None

    def summaries(self) -> tuple[str, ...]:
        """Every right summary."""
        topic, plan = self.question.topic, self.question.plan + _FORM_PLANS[self.form]
        return (
            f"The question asks {topic}. I will {plan}.",
            f"I have to find {topic}. The plan is to {plan}.",
            f"Asked is {topic}. I {plan}.",
        )

    def captions(self) -> tuple[str, ...]:
        """Every right caption of the picture."""
        return captions(self.told)

    def reasonings(self, content: Content) -> tuple[str, ...]:
        """Every right reasoning on what a caption holds; none where the caption leaves it open."""
        solution = self.question.solve(content)
        if solution is None:
            return ()
        letter = self.option_of(solution.answer)
        if self.options and letter is None:
            return ()
        end = self.say_answer(solution.answer, letter)
        return tuple(f"{steps} {end}" for steps in solution.steps)

    def say_answer(self, answer: str, letter: str | None) -> str:
        """Write how a reasoning ends: its answer and, with a letter, the options up to that one.

        Each step then compares two neighbours.
        """
        end = f"The answer is {answer}."
        if letter is None:
            return end
        read = [f"{other}) {option}" for other, option in zip(LETTERS, self.options, strict=False)]
        return f"{end} {', '.join(read[: LETTERS.index(letter) + 1])}: option {letter}."

    def conclusions(self, content: Content) -> tuple[str, ...]:
        """Every right conclusion on what a caption holds."""
        solution = self.question.solve(content)
        if solution is None:
            return ()
        return _conclusions(self.form, solution, self.option_of(solution.answer))

    def guesses(self) -> tuple[str, ...]:
        """Every conclusion that who has not seen the picture could give, one of them a right one."""
        if self.options:
            return tuple(LETTERS[: len(self.options)])
        right = self.conclusions(self.told)[0]
        named = re.compile(rf"\b{re.escape(self.answer)}\b")
        # A sentence that does not name its answer, as one for "yes", has no other beside it.
        return tuple(
            right if answer == self.answer else named.sub(answer, right) if named.search(right) else answer
            for answer in self.question.answers
        )

    def read_caption(self, text: str) -> Content | None:
        """Read a caption of this picture; None where it is not well-formed, or of another kind of picture."""
        told = read_caption(text)
        return told if is_alike(self.told, told) else None

    def right_texts(self, stage_name: str, accepted: Sequence[str]) -> tuple[str, ...]:
        """Return every right text of a stage; none where the stages before it leave that open.

        Args:
            stage_name: Of one of the four stages.
            accepted: Texts of the stages before it. What follows from a caption with errors is right.
        """
        if stage_name == "summary":
            return self.summaries()
        if stage_name == "caption":
            return self.captions()
        told = self.read_caption(accepted[1]) if len(accepted) > 1 else None
        if told is None:
            return ()
        rights = self.reasonings(told)
        if stage_name == "reasoning":
            return rights
        # A conclusion says what the reasoning came to.
        is_followed = len(accepted) > 2 and rights and answer_in(accepted[2].strip()) == answer_in(rights[0])
        return self.conclusions(told) if is_followed else ()

    def is_correct(self, conclusion: str) -> bool:
        """Tell whether a conclusion gives the right answer in the form asked for.

        A short answer is the answer alone; names in it may come in any order. A sentence has three words
        or more; it names the right answer and no other, or begins with the right yes or no. One with a
        number, which may tell something else, and an explanation are among the right ones.
        """
        words, answer = _words(conclusion), self.answer
        if any(words == _words(right) for right in self.conclusions(self.told)):
            return True
        if self.form is Form.SHORT:
            return _is_list(answer) and _without_and(words) == _without_and(_words(answer))
        if self.form is Form.SENTENCE and len(words) >= 3 and not answer.isdigit():
            if answer in ("yes", "no"):
                return words[0] == answer
            return [other for other in self.question.answers if _names(words, other)] == [answer]
        return False


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _is_list(answer: str) -> bool:
    return " and " in answer


def _without_and(words: Sequence[str]) -> list[str]:
    return sorted(word for word in words if word != "and")


def _names(words: Sequence[str], answer: str) -> bool:
    """Tell whether an answer is in a sentence: word for word or, of a list, each of its names."""
    sought = _words(answer)
    if _is_list(answer):
        return set(_without_and(sought)) <= set(words)
    return any(words[start : start + len(sought)] == sought for start in range(len(words)))


def make_item(seed: int, difficulty: Difficulty) -> Item:
    """Make the item of a seed: the same seed and difficulty give the same item."""
    rng = random.Random(f"{difficulty.value} {seed}")
    content, drawing = sample_picture(rng, difficulty)
    return ask(seed, difficulty, content, drawing, rng)


def make_puzzle(seed: int, difficulty: Difficulty) -> Item:
    """Make the puzzle of a seed: the same seed and difficulty give the same item."""
    rng = random.Random(f"puzzle {difficulty.value} {seed}")
    content, drawing = sample_puzzle(rng, difficulty)
    return ask(seed, difficulty, content, drawing, rng)


def sample_puzzle(rng: random.Random, difficulty: Difficulty) -> tuple[Content, Drawing]:
    """Choose what the picture of a puzzle holds and draw it."""
    if rng.random() < SUM_SHARE:
        chart = sample_sum_chart(rng, difficulty)
        return chart, draw_chart(chart, rng, difficulty)
    trail_map = sample_map(rng, difficulty)
    return trail_map, draw_map(trail_map, rng, difficulty)


def sample_picture(rng: random.Random, difficulty: Difficulty) -> tuple[Scene | Chart, Drawing]:
    """Choose what a picture holds and draw it."""
    if rng.random() < CHART_SHARE:
        chart = sample_chart(rng, difficulty)
        return chart, draw_chart(chart, rng, difficulty)
    scene = sample_scene(rng, difficulty)
    return scene, draw_scene(scene, rng, difficulty)


def sample_question(rng: random.Random, content: Content) -> Question:
    """Choose a kind and its parameters at random, so that each answer of a kind is likely."""
    makers = _MAKERS[type(content)]
    while True:
        question = rng.choice(makers)(rng, content)
        if question is not None and question.solve(question.told or content) is not None:
            return question


_MAKERS: dict[type[Content], Sequence[Callable[[random.Random, Content], Question | None]]] = {
    Scene: SCENE_QUESTIONS,
    Chart: CHART_QUESTIONS,
    SumChart: SUM_QUESTIONS,
    TrailMap: TRAIL_QUESTIONS,
}


def ask(seed: int, difficulty: Difficulty, content: Content, drawing: Drawing, rng: random.Random) -> Item:
    """Choose a question about a picture, its wording and the form of its answer."""
    question = sample_question(rng, content)
    form = rng.choices(tuple(Form), weights=(4, 3, 2, 2))[0]
    solution = question.solve(question.told or content)
    assert solution is not None, "sample_question only returns solvable questions"
    options: tuple[str, ...] = ()
    listed = ""
    if form is Form.OPTIONS:
        options = _options(rng, solution.answer, question.answers)
        listed = "".join(f" {letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))
    prompt = question.text + listed + rng.choice(_REQUESTS[form])
    return Item(seed, difficulty, content, drawing, question, form, options, prompt)


def _options(rng: random.Random, answer: str, answers: tuple[str, ...]) -> tuple[str, ...]:
    if answer.isdigit():
        # Wrong numbers close to the right one, so that options do not give the answer away.
        others = [number for number in answers if 0 < abs(int(number) - int(answer)) <= 4]
    else:
        others = [other for other in answers if other != answer]
    chosen = [*rng.sample(others, min(len(others), len(LETTERS) - 1)), answer]
    rng.shuffle(chosen)
    return tuple(chosen)


def _conclusions(form: Form, solution: Solution, letter: str | None) -> tuple[str, ...]:
    answer = letter or solution.answer
    return {
        Form.SHORT: (answer,),
        Form.OPTIONS: (answer,),
        Form.SENTENCE: (f"{solution.sentence}.",),
        Form.EXPLANATION: (
            f"{solution.sentence}, because {solution.reason}.",
            f"{solution.sentence}, since {solution.reason}.",
        ),
    }[form]
