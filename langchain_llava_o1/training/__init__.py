"""Fine-tuning: on answers in stages, and on which of two answers is better."""
