"""Prompts and pictures in, tokens out. Knows transformers and torch, not LangChain.

Read ``engine.py`` first: a request is queued there, ``scheduler.py`` admits its sequences to the batch of
``model_runner.py``, and its text comes back as ``Delta`` records. Importing this package loads neither torch
nor transformers.
"""
