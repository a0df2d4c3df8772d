"""The benchmarks, one file each; their records are in ``benchmark.py``."""
