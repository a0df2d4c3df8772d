"""The ablations: each variant learns the same questions in its own way, and is asked the same ones."""

import asyncio
import sys
from functools import partial
from pathlib import Path

import pytest

from langchain_llava_o1.chat.model import ChatLlavaO1
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.evaluation.item import Grade
from langchain_llava_o1.search.strategy import Strategy
from langchain_llava_o1.staging.transcript import parse_transcript
from recipes.new_question import ablations, teaching
from recipes.new_question.ablations import VARIANTS, Variant, rewrite
from recipes.new_question.benchmark import Colours
from recipes.new_question.teaching import annotate_questions


def test_a_variant_writes_what_all_others_do_in_its_own_way(tmp_path: Path) -> None:
    annotated = annotate_questions(tmp_path, num_new=8, num_known=4)
    known = {example.id: example for example in open_training_set(annotated)}

    def answers(variant: Variant) -> dict[str, str]:
        path = rewrite(annotated, variant, tmp_path / variant.name)
        learned = open_training_set(path)
        for example in learned:
            (picture,) = learned.open_pictures(example)
            (original,) = open_training_set(annotated).open_pictures(known[example.id])
            assert picture.digest == original.digest
            assert example.questions == known[example.id].questions
        return {example.id: example.answers[0] for example in learned}

    as_it_is, alone, untagged, swapped, half, quarter = map(answers, VARIANTS)
    assert as_it_is == {id: example.answers[0] for id, example in known.items()}
    for id, answer in as_it_is.items():
        stages = parse_transcript(answer).stages
        assert alone[id] == stages[-1].body
        assert untagged[id] == "\n\n".join(stage.body for stage in stages)
        moved = parse_transcript(swapped[id]).stages
        assert moved == (stages[0], stages[2], stages[1], stages[3])
    for fewer, number in ((half, 6), (quarter, 3)):
        assert len(fewer) == number
        assert fewer.items() <= as_it_is.items()
        # Two of three questions are of the new kind, as in the whole set.
        assert sum(id.startswith("colours") for id in fewer) == number * 2 // 3


def test_the_new_kind_is_graded_by_its_number() -> None:
    benchmark = Colours()
    item = benchmark.read_item(0)
    assert asyncio.run(benchmark.grade(item, f" {item.reference}.")) == Grade(1.0, read=f" {item.reference}.")
    assert asyncio.run(benchmark.grade(item, f"{int(item.reference) + 1}")).score == 0.0


@pytest.mark.long
def test_all_variants_are_trained_and_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--new", "160", "--known", "80", "--steps", "1", "--items", "2", "--searched", "1"]
    monkeypatch.setattr(sys, "argv", ["ablations", "--out", str(tmp_path), *options])
    # What has lost its tags may write as long as it may.
    monkeypatch.setattr(teaching, "ChatLlavaO1", partial(ChatLlavaO1, max_tokens=12))
    monkeypatch.setattr(ablations, "SEARCH", Strategy("greedy", settings={"max_tokens_per_stage": 12}))
    ablations.main()

    written = (tmp_path / "ablations.md").read_text()
    accuracies, losses = (
        [line.strip("| ").split(" | ") for line in part.splitlines()] for part in written.split("\n\n")
    )
    _, _, *rows = accuracies
    assert [row[0] for row in rows] == [variant.name for variant in VARIANTS]
    for variant, row in zip(VARIANTS, rows, strict=True):
        assert (row[2] == "–") == (not variant.is_searched)
        assert "–" not in row[1::2]
    assert losses[0] == ["variant", "step 1"]
    assert all(float(loss) > 0 for _, loss in losses[2:])

    # What is done is not done again.
    models = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(models) >= len(VARIANTS)
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", [*sys.argv, "--variant", "as it is", "--variant", "answers alone"])
    ablations.main()
    assert "step 1/1" not in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")} == models
    assert (tmp_path / "ablations.md").read_text() == written
