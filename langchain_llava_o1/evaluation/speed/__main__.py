"""The benchmark where LangChain is not at hand: ``python -m langchain_llava_o1.evaluation.speed``."""

import argparse
import json
import sys

from langchain_llava_o1.evaluation.speed import Shape, Way
from langchain_llava_o1.evaluation.speed.measure import measure_speed


def main() -> None:
    """Read the command line, measure, and print one object."""
    parser = argparse.ArgumentParser(description="Measure the speed of stage-level search.")
    parser.add_argument("--shape", dest="source", type=Shape, choices=list(Shape), default=Shape.SMALL)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--questions", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--device")
    parser.add_argument("--ways", type=Way, nargs="*", choices=list(Way), default=list(Way))
    parser.add_argument("--decode-rows", type=int, nargs="+", default=[])
    arguments = parser.parse_args()
    report = measure_speed(
        **vars(arguments),
        report_run=lambda name, seconds: print(f"{name} {seconds:.4f} s", file=sys.stderr, flush=True),
    )
    print(json.dumps(report.as_json()))


if __name__ == "__main__":
    main()
