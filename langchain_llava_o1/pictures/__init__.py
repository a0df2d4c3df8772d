"""Pictures, from where they come in to the value that the engine takes (read picture.py first).

No LangChain here: an image block is a plain dict.
"""
