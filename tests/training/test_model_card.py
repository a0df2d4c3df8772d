"""The card of a trained model says what it learned, and from what."""

import hashlib
from pathlib import Path

from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.training.loss_plot import plot_losses
from langchain_llava_o1.training.model_card import write_card
from langchain_llava_o1.training.result import TrainingResult, describe_result
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.task import DPO, SFT, Task, learn_preferences

RESULT = TrainingResult(Path("run"), 6, 5, num_left_out=2, best_step=4, held_out_loss=0.5)


def test_the_card_of_pairs_names_the_method_and_the_data(tmp_path: Path) -> None:
    path = tmp_path / "chosen" / "choices.jsonl"
    path.parent.mkdir()
    path.write_text("{}\n")
    task = learn_preferences(path, open_picture_files(tmp_path), beta=0.25)
    card = write_card(TrainingSettings("some/model", held_out=1), task, RESULT)
    assert "# model, trained on chosen/choices.jsonl\n" in card
    assert "| method | DPO (arXiv 2305.18290), beta 0.25 |" in card
    assert f"| SHA-256 of the data | `{hashlib.sha256(b'{}' + bytes([10])).hexdigest()}` |" in card
    assert "| lines left out | 2 |" in card
    assert "| learned from | 5 pairs of answers |" in card
    assert "| DPO loss, as the mean over held-out pairs | 0.5000 |" in card
    assert "token" not in card.partition("| setting |")[0]
    # It may be published, and tells nothing of the machine.
    assert str(tmp_path) not in card


def test_the_card_of_answers_says_how_their_loss_is_averaged() -> None:
    card = write_card(
        TrainingSettings("some/model", held_out=1), Task(SFT, Path("set.jsonl"), "", ""), RESULT
    )
    assert "| method | supervised fine-tuning |" in card
    assert "| learned from | 5 questions |" in card
    assert "| loss of a token, as the mean over held-out questions of each one's mean | 0.5000 |" in card


def test_what_came_of_a_run_is_counted_in_what_it_learned_from() -> None:
    settings = TrainingSettings("some/model", held_out=1)
    assert "6 steps on 5 pairs of answers\n" in describe_result(RESULT, settings, DPO)
    assert "6 steps on 5 questions\n" in describe_result(RESULT, settings, SFT)


def test_the_plot_says_what_the_loss_is(tmp_path: Path) -> None:
    plot_losses([{"step": 1, "loss": 0.7}], tmp_path / "loss.svg", unit=DPO.loss)
    assert "DPO loss of a pair" in (tmp_path / "loss.svg").read_text()
