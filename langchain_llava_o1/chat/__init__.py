"""LLaVA-o1 as a LangChain chat model (read model.py first)."""
