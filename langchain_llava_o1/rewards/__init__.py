"""Reward models of Hugging Face: a file for each kind, ``reward.py`` for what they have in common."""
