"""The network: Mllama's layers over packed tokens, its vision tower, its attention."""
