"""The kinds of reward models, and which of them a checkpoint is."""

from langchain_llava_o1.errors import ModelLoadError
from langchain_llava_o1.rewards.process import ProcessScorer
from langchain_llava_o1.rewards.scorer import Scorer
from langchain_llava_o1.rewards.settings import Kind, RewardSettings
from langchain_llava_o1.rewards.text import TextScorer
from langchain_llava_o1.rewards.value_head import ValueHeadScorer, has_value_head

SCORERS: dict[Kind, type[Scorer]] = {
    "text": TextScorer,
    "value-head": ValueHeadScorer,
    "process": ProcessScorer,
}
"""What loads each kind."""


def find_kind(settings: RewardSettings) -> Kind:
    """Find out which kind a checkpoint is, by its architecture and whether it has a value head.

    A vision-language model without a value head is taken as a process reward model: that is what one that
    answers "+" or "-" looks like from outside.

    Raises:
        ModelLoadError: If it is none.
    """
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    config = AutoConfig.from_pretrained(**settings.source)
    architectures = config.architectures or []
    if any(name.endswith("ForSequenceClassification") for name in architectures):
        return "text"
    if config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        return "value-head" if has_value_head(settings) else "process"
    found = ", ".join(architectures) or config.model_type
    raise ModelLoadError(
        f"{settings.model!r} holds {found}, which is no reward model. Use a sequence-classification model "
        'with one output, or a vision-language model with a value head or one that replies "+" or "-".'
    )
