"""What transformers' Trainer, and TRL's, have to do otherwise for Mllama."""

from typing import TYPE_CHECKING, Any

from transformers import MllamaForConditionalGeneration

from langchain_llava_o1.training.block_sampler import BlockSampler

if TYPE_CHECKING:
    from transformers import Trainer

    _Base = Trainer
else:
    _Base = object


class MllamaTrainer(_Base):
    """Goes before a trainer among the bases of a class.

    It loads checkpoints again under the names that they are saved with, and makes batches of samples with
    equally many pictures.

    Attributes:
        num_pictures: How many pictures each sample has.
    """

    num_pictures: list[int]

    def _get_train_sampler(self, train_dataset: Any = None) -> BlockSampler:
        """Choose the order of the samples, the same one where several devices share a batch of one."""
        block_size = self.args.train_batch_size * self.args.world_size
        return BlockSampler(self.num_pictures, block_size, self.args.seed)

    def _run_epoch(self, *further: Any, **options: Any) -> None:
        """Train for an epoch; not at all where the checkpoint gone on with is that of the last step."""
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        if not self.control.should_training_stop:
            super()._run_epoch(*further, **options)  # type: ignore[no-untyped-call]

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Take the weights of a checkpoint, to go on with them."""
        target = self.model if model is None else model
        if self.is_fsdp_enabled or not isinstance(target, MllamaForConditionalGeneration):
            super()._load_from_checkpoint(resume_from_checkpoint, model)
        else:
            _load_weights(target, resume_from_checkpoint)

    def _load_best_model(self) -> None:
        """Take the weights of the best checkpoint."""
        if self.is_fsdp_enabled or not isinstance(self.model, MllamaForConditionalGeneration):
            super()._load_best_model()
        else:
            _load_weights(self.model, str(self.state.best_model_checkpoint))


def _load_weights(model: MllamaForConditionalGeneration, folder: str) -> None:
    """Load what ``save_pretrained`` wrote.

    It writes Mllama's weights under the names of the published checkpoints, and ``Trainer`` looks for those
    that they have in memory: it finds none, and goes on with a warning.
    """
    saved = MllamaForConditionalGeneration.from_pretrained(folder, dtype=model.dtype)
    model.load_state_dict(saved.state_dict())
