"""Preference training: what a search chooses becomes what the model writes (DPO, arXiv 2305.18290)."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_llava_o1.engine.loading.libraries import import_libraries

# Before transformers is imported, and by it torchao with messages that nobody asked for.
import_libraries()

from datasets import Dataset
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer

from langchain_llava_o1.data.picture_files.picture_files import open_picture_files
from langchain_llava_o1.data.problem import Problem
from langchain_llava_o1.engine.loading.adapter import outdated_names_hidden
from langchain_llava_o1.errors import ConfigurationError
from langchain_llava_o1.training.loading import load_trainee
from langchain_llava_o1.training.mllama_trainer import MllamaTrainer
from langchain_llava_o1.training.pair_split import split_pairs
from langchain_llava_o1.training.pairs import PairCollator, read_pairs
from langchain_llava_o1.training.result import TrainingResult
from langchain_llava_o1.training.run import TrainingRun, find_finished
from langchain_llava_o1.training.run_folder import RunFolder
from langchain_llava_o1.training.settings import TrainingSettings
from langchain_llava_o1.training.task import LeftOutLines, learn_preferences


class _PreferenceTrainer(MllamaTrainer, DPOTrainer):
    """TRL's trainer, for Mllama."""

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Save what was learned, without the adapters that only checkpoints need: those of the reference."""
        super().save_model(output_dir, _internal_call)
        if not _internal_call and self.is_world_process_zero():
            shutil.rmtree(Path(output_dir or str(self.args.output_dir)) / "ref", ignore_errors=True)


def train_dpo(
    settings: TrainingSettings,
    pairs: str | Path,
    out: str | Path,
    *,
    beta: float = 0.1,
    pictures: str | Path | None = None,
    report_problem: Callable[[Problem], None] = lambda problem: None,
    tell: Callable[[str], None] = lambda line: None,
) -> TrainingResult:
    """Train a model to prefer one of two answers, or go on with a run that was killed.

    The model that it starts from is the reference it is not to go far from. The folder then holds what
    ``train_sft`` leaves.

    Args:
        settings: How; ``max_tokens``, ``any_answers`` and ``accuracy_items`` have no part in it.
        pairs: A file of pairs, as ``llava-o1 data preference-pairs`` writes it.
        out: Folder of the run, its alone.
        beta: How much going far from the reference costs.
        pictures: What paths of pictures are relative to; by default the folder of the file.
        report_problem: Called with what is wrong with a line that is left out, before the model is loaded; in
            every process.
        tell: Called with a line of progress now and then.

    Raises:
        ConfigurationError: If the folder holds a run with other settings, or settings do not go together.
        DataError: If there are too few pairs.
        ModelLoadError: If the model cannot be loaded.
    """
    _check(settings, beta)
    path = Path(pairs)
    folder = RunFolder(out)
    if not path.is_file():
        raise ConfigurationError(f"There is no file of pairs at {path}. Check the path.")
    files = open_picture_files(path.parent if pictures is None else Path(pictures))
    task = learn_preferences(path, files, beta)
    folder.begin({**settings.as_json(), **task.as_json()})
    if (finished := find_finished(folder, tell)) is not None:
        return finished
    left_out = LeftOutLines(report_problem)
    learned, held_out = split_pairs(read_pairs(path, files, left_out), settings.held_out, settings.seed)
    trainee = load_trainee(settings)
    # Adapters can be turned off; of weights that change a copy is kept.
    reference = load_trainee(replace(settings, lora=None)).model if settings.lora is None else None
    run = TrainingRun(settings, folder, task, tell)
    arguments: dict[str, Any] = run.arguments(is_measured=bool(held_out))
    with outdated_names_hidden():
        trainer = _PreferenceTrainer(
            model=trainee.model,
            ref_model=None if reference is None else reference.requires_grad_(False),
            args=DPOConfig(**arguments, beta=beta, max_length=None),
            data_collator=PairCollator(files, trainee.chat_format, trainee.collator),
            train_dataset=Dataset.from_list([pair.row() for pair in learned]),
            eval_dataset=Dataset.from_list([pair.row() for pair in held_out]) if held_out else None,
            processing_class=trainee.processor,
            callbacks=run.callbacks(),
        )
        trainer.num_pictures = [len(pair.pictures) for pair in learned]
        return run.train(trainer, len(learned), left_out.count)


def _check(settings: TrainingSettings, beta: float) -> None:
    if not beta > 0:
        raise ConfigurationError(f"beta must be above 0, got {beta!r}.")
    if settings.accuracy_items:
        raise ConfigurationError(
            f"accuracy_items={settings.accuracy_items} has no part in training on pairs. Leave it out, and "
            "measure accuracy by `llava-o1 bench accuracy`."
        )
