"""The files of published benchmarks: where they are, what their rows hold, fetching them."""
