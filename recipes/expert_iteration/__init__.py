"""Expert iteration: what a search finds, the model learns to write at once; then it searches again."""
