"""What the searches look for in a chat model's profile, beyond LangChain's own words."""

PREFILL = "assistant_prefill"
"""Whether the model goes on with an answer that a conversation ends in."""

PICTURES_ONLY = "pictures_only"
"""Whether the model answers questions about pictures alone, and cannot read a passage of text."""

CONFIDENCE = "confidence"
"""Whether the model tells how sure it is of every answer: ``response_metadata["mean_logprob"]``."""

MAX_IMAGE_PIXELS = "max_image_pixels"
"""How many pixels of a picture the model can use at most, a number; a larger one may be shrunk to it."""

SINGLE_TURN = "single_turn"
"""Whether the model answers one question by itself, and not a later one of a conversation."""
