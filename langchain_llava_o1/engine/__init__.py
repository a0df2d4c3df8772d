"""Prompts and pictures in, tokens out. Knows transformers and torch, not LangChain.

Read ``engine.py`` first: a request is queued there, answered in a batch by ``decoding.py``, and its
text comes back as ``Delta`` records. Importing this package loads neither torch nor transformers.
"""
