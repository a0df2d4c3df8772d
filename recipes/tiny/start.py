"""Begin from a checkpoint that was made before: its weights, with another tokenizer."""

import torch
from transformers import MllamaForConditionalGeneration, PreTrainedTokenizerFast


@torch.no_grad()
def carry_over(
    source: MllamaForConditionalGeneration,
    source_tokenizer: PreTrainedTokenizerFast,
    target: MllamaForConditionalGeneration,
    target_tokenizer: PreTrainedTokenizerFast,
) -> int:
    """Copy the weights of a model into one of the same shape, embeddings token by token.

    A token that the source does not know begins as the mean of the source's tokens that spell it.

    Returns:
        How many tokens are known to both.
    """
    state = target.state_dict()
    known = source_tokenizer.get_vocab()
    ids = {
        token_id: known[token] for token, token_id in target_tokenizer.get_vocab().items() if token in known
    }
    for name, weight in source.state_dict().items():
        if weight.shape == state[name].shape:
            state[name].copy_(weight)
            continue
        # The embedding, which has rows for special tokens of its own, and the head.
        extra = weight.shape[0] - len(source_tokenizer)
        for token_id in range(len(target_tokenizer)):
            if token_id in ids:
                state[name][token_id] = weight[ids[token_id]]
            else:
                text = target_tokenizer.decode([token_id])
                spelled = source_tokenizer(text, add_special_tokens=False).input_ids
                state[name][token_id] = weight[spelled].mean(0) if spelled else weight.mean(0)
        if extra:
            state[name][len(target_tokenizer) :] = weight[len(source_tokenizer) :]
    return len(ids)
