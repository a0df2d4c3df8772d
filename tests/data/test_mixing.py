"""A mix has the shares, the ids and the pictures that it should, and a card that says so."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from langchain_llava_o1.data.example import Example
from langchain_llava_o1.data.mixing import Mix, MixPart, mix_sets, split_size
from langchain_llava_o1.data.opening import open_training_set
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.data.sampling import draw_sample
from langchain_llava_o1.errors import ConfigurationError
from tests.data.sets import conversation, write_pictures, write_set, write_zip


@pytest.fixture
def parts(tmp_path: Path) -> list[MixPart]:
    write_pictures(tmp_path / "shapes", "red")
    shapes = [conversation(f"{n}", image="red.png", question=f"Shape {n}?") for n in range(20)]
    charts = [conversation(f"{n}", image="teal.png", question=f"Chart {n}?") for n in range(20)]
    zipped = write_zip(tmp_path / "charts.zip", "teal")
    return [
        MixPart(open_training_set(write_set(tmp_path / "shapes" / "train.jsonl", *shapes)), 0.75),
        MixPart(open_training_set(write_set(tmp_path / "charts.jsonl", *charts), pictures=zipped), 0.25),
    ]


def read(mix: Mix) -> list[Example]:
    return list(open_training_set(mix.path))


def test_a_mix_has_its_shares_and_can_be_read(parts: list[MixPart], tmp_path: Path) -> None:
    mix = mix_sets(parts, tmp_path / "mix", size=16, seed=3, command="llava-o1 data mix …")
    examples = read(mix)
    assert len(examples) == len({example.id for example in examples}) == 16
    assert [sum(example.id.startswith(name) for example in examples) for name in ("shapes/", "charts/")] == [
        12,
        4,
    ]
    opened = open_training_set(mix.path.parent)
    assert all(not opened.find_missing_pictures(example) for example in examples)
    assert opened.open_pictures(examples[0])[0].image.size == (12, 8)


def test_the_card_says_what_is_in_it(parts: list[MixPart], tmp_path: Path) -> None:
    mix = mix_sets(parts, tmp_path / "mix", size=16, seed=3, command="llava-o1 data mix A=1")
    _, header, body = mix.card.read_text(encoding="utf-8").split("---\n", 2)
    told = yaml.safe_load(header)
    assert (told["num_examples"], told["seed"], told["license"]) == (16, 3, "unknown")
    assert [(source["name"], source["num_examples"], source["share"]) for source in told["sources"]] == [
        ("shapes", 12, 0.75),
        ("charts", 4, 0.25),
    ]
    assert told["configs"][0]["data_files"] == "train.jsonl"
    assert "llava-o1 data mix A=1" in body
    assert "| shapes | 0.75 | 12 of 20 | unknown |" in body


def test_the_same_seed_gives_the_same_mix(parts: list[MixPart], tmp_path: Path) -> None:
    first, same, other = (
        mix_sets(parts, tmp_path / name, size=16, seed=seed).path.read_bytes()
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == same != other


def test_sources_of_the_same_name_and_ids_are_told_apart(tmp_path: Path) -> None:
    paths = [write_set(tmp_path / name / "set.jsonl", conversation(), conversation()) for name in "ab"]
    parts = [MixPart(open_training_set(path), 1) for path in paths]
    mix = mix_sets(parts, tmp_path / "mix", size=4)
    assert sorted(example.id for example in read(mix)) == ["set-2/a", "set-2/a-2", "set/a", "set/a-2"]


def test_examples_without_their_pictures_are_not_drawn(tmp_path: Path) -> None:
    write_pictures(tmp_path, "red")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    names = ["red.png", "none.png", "broken.png", "red.png"]
    records = [conversation(str(n), image=name) for n, name in enumerate(names)]
    part = MixPart(open_training_set(write_set(tmp_path / "set.jsonl", *records)), 1)
    mix = mix_sets([part], tmp_path / "mix", size=3)
    assert sorted(example.id for example in read(mix)) == ["set/0", "set/3"]
    assert [(problem.line, problem.kind) for problem in mix.problems] == [(3, "broken picture")]
    assert mix.num_examples == 2


def test_lines_that_cannot_be_drawn_are_told_and_counted(tmp_path: Path) -> None:
    lines = ["{", conversation("a", image="none.png"), conversation("b"), "[]", conversation("b")]
    part = MixPart(open_training_set(write_set(tmp_path / "set.jsonl", *lines)), 1)
    problems: list[Problem] = []
    mix = mix_sets([part], tmp_path / "mix", size=2, report_problem=problems.append)
    assert sorted(example.id for example in read(mix)) == ["set/b", "set/b-2"]
    assert [(problem.line, problem.kind, problem.is_left_out) for problem in problems] == [
        (1, "broken line", True),
        (2, "missing picture", True),
        (4, "broken line", True),
        (5, "repeated id", False),
    ]
    with pytest.raises(
        ConfigurationError,
        match=r"has 2 examples that can be used \(its other lines: 2 without an example, 1 without its "
        r"pictures\), and its share of 3 is 3",
    ):
        mix_sets([part], tmp_path / "again", size=3)


def test_paths_can_stay_as_they_are_at_one_place(parts: list[MixPart], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="must be at one place"):
        mix_sets(parts, tmp_path / "mix", size=4, copy_pictures=False)
    mix = mix_sets(parts[:1], tmp_path / "mix", size=4, copy_pictures=False)
    assert {example.pictures for example in read(mix)} == {("red.png",)}
    assert sorted(path.name for path in (tmp_path / "mix").iterdir()) == ["README.md", "train.jsonl"]


def test_a_folder_that_is_not_empty_is_left_alone(parts: list[MixPart], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not empty"):
        mix_sets(parts, tmp_path, size=4)


@given(shares=st.lists(st.floats(0.01, 100), min_size=1, max_size=5), size=st.integers(1, 1000))
def test_a_size_is_split_without_a_rest(shares: list[float], size: int) -> None:
    counts = split_size([MixPart(None, share) for share in shares], size)  # type: ignore[arg-type]
    assert sum(counts) == size
    assert all(
        abs(count - size * share / sum(shares)) < 1 for count, share in zip(counts, shares, strict=True)
    )


@given(total=st.integers(0, 30), size=st.integers(1, 40), seed=st.integers(0, 5))
def test_a_sample_is_in_order_without_repeats(total: int, size: int, seed: int) -> None:
    examples = [Example(str(number), (), ()) for number in range(total)]
    drawn = [int(example.id) for example in draw_sample(iter(examples), size, seed)]
    assert drawn == sorted(set(drawn))
    assert len(drawn) == min(total, size)
    assert drawn == [int(example.id) for example in draw_sample(iter(examples), size, seed)]
