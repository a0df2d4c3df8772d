"""Small files in the formats that benchmarks are published in, with pictures of this project."""

import base64
import csv
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path

from langchain_llava_o1.drawn import Difficulty
from langchain_llava_o1.drawn.canvas import as_png
from langchain_llava_o1.drawn.items import make_item

Rows = Sequence[Mapping[str, str]]
LETTERS = "ABCD"


@cache
def draw(number: int) -> bytes:
    """Draw the picture of a number."""
    return as_png(make_item(number, Difficulty.EASY).picture)


def in_base64(number: int) -> str:
    return base64.b64encode(draw(number)).decode()


def write_table(folder: Path, name: str, rows: Rows) -> Path:
    """Write a file as pandas does: a cell is quoted where it must be."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.tsv"
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter="\t", lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


SKILLS = (
    ("coarse perception", "image style & quality"),
    ("fine-grained perception", "attribute & celebrity recognition"),
    ("instance reasoning", "cross-instance relation reasoning"),
    ("logical reasoning", "code & sequence reasoning"),
    ("math", "geometry"),
    ("science & technology", "biology & chemistry & physics"),
)


def mmstar_rows() -> list[dict[str, str]]:
    """Return a row of each skill; the answer of row n is the n-th letter."""
    return [
        {
            "index": str(number),
            "question": f'Which one is "number {number}"?\nLook closely.',
            **{letter: f"shape {number}{letter}" for letter in LETTERS},
            "answer": LETTERS[number % 4],
            "category": skill,
            "image": in_base64(number),
            "l2_category": kind,
        }
        for number, (skill, kind) in enumerate(SKILLS)
    ]


def mmbench_rows(num_questions: int = 3) -> list[dict[str, str]]:
    """Return questions of three options in three rotations each; a picture stands in the first alone."""
    texts = ["red", "green", "blue"]
    rows = []
    for rotation in range(3):
        turned = texts[rotation:] + texts[:rotation]
        for question in range(num_questions):
            options = dict(zip(LETTERS, turned, strict=False))
            right = texts[question % 3]
            rows.append(
                {
                    "index": str(rotation * 1_000_000 + 241 + question),
                    "question": f"Which colour has shape {question}?",
                    "hint": "It is round." if question == 1 else "",
                    **options,
                    "D": "",
                    "answer": next(letter for letter, text in options.items() if text == right),
                    "category": "attribute_recognition",
                    "image": str(241 + question) if rotation else in_base64(question),
                    "l2-category": "finegrained_perception (instance-level)",
                    "split": "dev",
                }
            )
    return rows


def mmvet_rows() -> list[dict[str, str]]:
    answers = ("x=-1<AND>x=-5", "a cat<OR>a kitten", "14")
    categories = ("ocr,math", "rec", "rec,ocr,spat")
    return [
        {
            "index": f"v1_{number}",
            "image": in_base64(number),
            "question": f"Open question {number}?",
            "answer": answer,
            "category": category,
        }
        for number, (answer, category) in enumerate(zip(answers, categories, strict=True))
    ]


def mathvista_rows() -> list[dict[str, str]]:
    shared = {"choices": "[]", "answer_option": "", "precision": "", "task": "figure question answering"}
    return [
        shared
        | {
            "index": "1",
            "image": in_base64(1),
            "question": "Hint: Please answer the question and provide the correct option letter, e.g., A, B, "
            "C, D, at the end.\nQuestion: What is x?\nChoices:\n(A) 30°\n(B) 60°",
            "question_type": "multi_choice",
            "answer_type": "text",
            "answer": "60°",
            "answer_option": "B",
            "choices": "['30°', '60°']",
            "task": "geometry problem solving",
            "skills": "['geometry reasoning', 'algebraic reasoning']",
        },
        shared
        | {
            "index": "2",
            "image": in_base64(2),
            "question": "How many dots are there?",
            "question_type": "free_form",
            "answer_type": "integer",
            "answer": "14",
            "skills": "['arithmetic reasoning']",
        },
        shared
        | {
            "index": "3",
            "image": in_base64(3),
            "question": "How high is the bar?",
            "question_type": "free_form",
            "answer_type": "float",
            "answer": "1.5",
            "precision": "1.0",
            "skills": "['arithmetic reasoning', 'statistical reasoning']",
        },
    ]


def ai2d_rows() -> list[dict[str, str]]:
    return [
        {
            "index": str(number),
            "image": in_base64(number),
            "question": f"What does part {number} show?",
            **dict(zip(LETTERS, ("leaf", "root", "stem", "seed"), strict=True)),
            "answer": LETTERS[number % 4],
            "category": ("partsOfA", "foodChainsWebs")[number % 2],
        }
        for number in range(4)
    ]


def hallusion_rows() -> list[dict[str, str]]:
    """Return two figures with two questions each, one figure with one, and a row without a picture."""
    places = ("0_1_0", "0_1_1", "0_2_0", "0_2_1", "1_1_0")
    rows = [
        {
            "index": f"VD_chart_1_{place}",
            "category": "VD",
            "l2-category": "chart",
            "question": f"Is {place} the largest?",
            "answer": "Yes" if number % 2 == 0 else "No",
            "image": in_base64(number),
        }
        for number, place in enumerate(places)
    ]
    without = {**rows[0], "index": "VS_chart_0_0_0_0", "category": "VS", "image": ""}
    return [without, *rows]


PUBLISHED: Mapping[str, tuple[str, Callable[[], Rows]]] = {
    "mmstar": ("MMStar", mmstar_rows),
    "mmbench": ("MMBench_DEV_EN_V11", mmbench_rows),
    "mmvet": ("MMVet", mmvet_rows),
    "mathvista": ("MathVista_MINI", mathvista_rows),
    "ai2d": ("AI2D_TEST_NO_MASK", ai2d_rows),
    "hallusion-bench": ("HallusionBench", hallusion_rows),
}
"""The file and the rows of each benchmark, by its name."""


def write_published(folder: Path, benchmark: str) -> Path:
    """Write the file of a benchmark."""
    name, make_rows = PUBLISHED[benchmark]
    return write_table(folder, name, make_rows())
