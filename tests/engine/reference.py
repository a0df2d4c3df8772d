"""What transformers' own ``generate`` answers, to compare the engine with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor, MllamaForConditionalGeneration

from langchain_llava_o1.engine.request import Turn
from langchain_llava_o1.pictures.picture import Picture


class Reference:
    """A checkpoint used as the transformers documentation says."""

    def __init__(self, folder: Path) -> None:
        self.processor: Any = AutoProcessor.from_pretrained(folder)
        self.model = MllamaForConditionalGeneration.from_pretrained(folder).eval()
        self._answers: dict[tuple[Any, tuple[Turn, ...], int], list[int]] = {}

    def inputs(self, turns: Sequence[Turn]) -> Any:
        is_continued = turns[-1].role == "assistant"
        conversation = [
            {
                "role": turn.role,
                "content": [
                    {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
                    for part in turn.parts
                ],
            }
            for turn in turns
        ]
        text = self.processor.apply_chat_template(
            conversation, add_generation_prompt=not is_continued, continue_final_message=is_continued
        )
        images = [part.image for turn in turns for part in turn.parts if isinstance(part, Picture)]
        return self.processor(text=text, images=images or None, add_special_tokens=False, return_tensors="pt")

    def generate(self, turns: Sequence[Turn], max_tokens: int) -> list[int]:
        """Answer greedily, or recall what was answered; the prompt is left out."""
        # A test may put another model in the place of this one.
        asked = self.model, tuple(turns), max_tokens
        if asked not in self._answers:
            self._answers[asked] = self._generate(turns, max_tokens)
        return self._answers[asked]

    def _generate(self, turns: Sequence[Turn], max_tokens: int) -> list[int]:
        inputs = self.inputs(turns)
        with torch.inference_mode():
            output: Any = self.model.generate(**inputs, max_new_tokens=max_tokens, do_sample=False)
        new_ids: list[int] = output[0, inputs["input_ids"].shape[1] :].tolist()
        return new_ids

    def logprob_sum(self, turns: Sequence[Turn], text: str) -> float:
        """Add up the log-probabilities of a text that continues the last turn."""
        *earlier, last = turns
        assert last.role == "assistant"
        start = self.inputs(turns)["input_ids"].shape[1]
        inputs = self.inputs((*earlier, Turn("assistant", (f"{last.parts[0]}{text}",))))
        with torch.inference_mode():
            logits = self.model(**inputs).logits[0, start - 1 : -1].log_softmax(dim=-1)
        wanted = inputs["input_ids"][0, start:, None]
        return float(logits.gather(-1, wanted).sum())

    def decode(self, token_ids: Sequence[int]) -> str:
        text: str = self.processor.tokenizer.decode(token_ids, skip_special_tokens=True)
        return text
