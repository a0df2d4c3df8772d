"""How the embedded checkpoint is made: ``python -m recipes.tiny``.

The steps in order: a tokenizer, an untrained Mllama, the vision tower on what each patch
shows, the whole model on staged answers and on judging corrupted candidates, then on judging
pairs sampled from the model itself.
"""
