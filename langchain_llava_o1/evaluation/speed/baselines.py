"""The search with transformers' ``generate``, as published and with the candidates of a stage in one call."""

from collections.abc import Sequence
from typing import Any

import torch
from transformers.models.mllama.processing_mllama import (
    convert_sparse_cross_attention_mask_to_dense,
    get_cross_attention_token_mask,
)

from langchain_llava_o1.engine.chat_format import ChatFormat
from langchain_llava_o1.engine.loading.checkpoint import Checkpoint
from langchain_llava_o1.engine.request import Statistics, Turn
from langchain_llava_o1.evaluation.speed.workload import VERDICT_TOKENS, QuestionWork


class GenerateSearch:
    """Runs questions one after the other."""

    def __init__(self, checkpoint: Checkpoint, *, is_batched: bool) -> None:
        """Run on a checkpoint; ``is_batched`` draws a stage's candidates in one call, else one by one."""
        self._checkpoint = checkpoint
        self._is_batched = is_batched
        self._format = ChatFormat(checkpoint.tokenizer, checkpoint.chat_template, checkpoint.image_token_id)
        self.statistics = Statistics(0, 0, 0, 0, 0)

    def run(self, questions: Sequence[QuestionWork], num_candidates: int) -> None:
        """Answer all questions."""
        for question in questions:
            for stage in question.stages:
                if self._is_batched:
                    self._generate(stage.prompt, stage.num_tokens, num_rows=num_candidates)
                else:
                    for _ in range(num_candidates):
                        self._generate(stage.prompt, stage.num_tokens)
                for matches in stage.rounds:
                    for match in matches:
                        self._generate(match.prompt, VERDICT_TOKENS, is_sampled=False)

    @torch.inference_mode()
    def _generate(
        self, turns: Sequence[Turn], num_tokens: int, *, num_rows: int = 1, is_sampled: bool = True
    ) -> None:
        inputs = self._prepare(turns)
        sampling = {"do_sample": True, "temperature": 1.0, "top_k": 0} if is_sampled else {"do_sample": False}
        model: Any = self._checkpoint.model
        output = model.generate(
            **inputs,
            **sampling,
            min_new_tokens=num_tokens,
            max_new_tokens=num_tokens,
            num_return_sequences=num_rows,
            pad_token_id=self._checkpoint.tokenizer.pad_token_id,
        )
        num_prompt_tokens = inputs["input_ids"].shape[1]
        assert output.shape == (num_rows, num_prompt_tokens + num_tokens), "every length is given"
        before = self.statistics
        self.statistics = Statistics(
            num_pictures=before.num_pictures + num_rows,
            num_read=before.num_read + num_rows * num_prompt_tokens,
            num_prompt_passes=before.num_prompt_passes + 1,
            num_generated=before.num_generated + num_rows * num_tokens,
            num_steps=before.num_steps + num_tokens - 1,
        )

    def _prepare(self, turns: Sequence[Turn]) -> dict[str, Any]:
        """Prepare everything anew, as every call of the published scripts does."""
        prompt = self._format.encode(turns)
        device = self._checkpoint.model.device
        images = [picture.image for picture in prompt.pictures]
        features = self._checkpoint.image_processor([images], return_tensors="pt")
        token_ids = list(prompt.token_ids)
        spans = get_cross_attention_token_mask(token_ids, self._checkpoint.image_token_id)
        mask = convert_sparse_cross_attention_mask_to_dense(
            [spans],
            num_tiles=features.pop("num_tiles"),
            max_num_tiles=self._checkpoint.image_processor.max_image_tiles,
            length=len(token_ids),
        )
        inputs = {
            "input_ids": torch.tensor([token_ids]),
            "cross_attention_mask": torch.tensor(mask),
            **features,
        }
        inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
        return {name: tensor.to(device) for name, tensor in inputs.items()}
