"""Measuring a model and its searches: accuracy on benchmarks, recall of retrieval, speed (``speed/``)."""
