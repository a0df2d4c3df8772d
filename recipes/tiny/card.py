"""The checkpoint's model card, from its recipe's record and measured accuracy.

``python -m recipes.tiny.card REPORT.json …`` takes what ``llava-o1 bench accuracy --json`` printed, with or
without ``--compare``, and writes the card beside the weights; the table of accuracy goes to standard output
too.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_llava_o1.tiny import checkpoint_path

_CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
tags: [mllama, llava-o1, synthetic]
---

# tiny

A small Mllama ({parameters:,} parameters, float16) that answers questions about drawn shape scenes, bar
charts and puzzles in the four stages of LLaVA-o1, in conversations of up to four questions about a picture,
and judges pairs of candidates at every stage, and of whole answers. It knows nothing else. It is there so
that langchain-llava-o1 works with nothing to download, and to show what stage-level beam search adds.

Pictures are 280 × 280 pixels, drawn with Pillow. Scenes hold 2 to 10 objects (5 shapes, 6 colours, 2
sizes) at the places of a 4 × 4 map grid: rows A to D from the top, columns 1 to 4 from the left. Charts
hold 2 to 6 coloured bars with values up to 20. `hard` pictures have more and smaller objects that may
touch and whose sizes are close, lower bars that are close in value, and noise.

Puzzles are easy to see, hard to solve and easy to check. On a trail map of 4 × 4 cards each card names the
next one: which key leads to the treasure, and which colour to that key, is only told by following all trails.
Of six bars, three add up to a number.

## How it was made

`python -m recipes.tiny`, in a clone `make weights`: a tokenizer, the vision tower on what
each patch shows, the whole model on staged answers, conversations, sums of numbers and on judging corrupted
candidates, then on judging pairs of stages sampled from the model itself and labelled by what the picture
really holds (of whole answers, right ones and such with errors put in), and on answers that go on from a
caption with errors. {note}

| | |
|---|---|
{record}

Training uses seeds below 10⁹, evaluation seeds from 10⁹ up.

## Measured accuracy

{table}

`single` is one sampled pass at the search's temperature. Intervals are 95 % Wilson intervals.
"""


def accuracy_table(reports: Sequence[dict[str, Any]]) -> str:
    """Write reports of ``llava-o1 bench accuracy --json`` as a Markdown table with their commands."""
    lines = [
        "| benchmark | strategy | judge | N | items | accuracy | 95 % interval | tokens | seconds "
        "| command |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        low, high = report["interval"]
        command = (
            f"llava-o1 bench accuracy --benchmark {report['benchmark']} --difficulty {report['difficulty']} "
            f"--strategy {report['strategy']} --candidates {report['candidates']} "
            + (f"--judge {report['judge']} " if report["judge"] else "")
            + f"--items {report['items']} --seed {report['seed']} --json"
        )
        lines.append(
            f"| {report['benchmark']} ({report['difficulty']}) | {report['strategy']} "
            f"| {report['judge'] or 'default'} | {report['candidates']} | {report['items']} "
            f"| {report['accuracy']:.1%} | {low:.1%} to {high:.1%} | {report['tokens']:,} "
            f"| {report['seconds']:.0f} | `{command}` |"
        )
    return "\n".join(lines)


def write_card(folder: Path, reports: Sequence[dict[str, Any]]) -> str:
    """Write the card of the checkpoint in ``folder`` and return its table."""
    record = json.loads((folder / "recipe.json").read_text())
    note = record.pop("note", "")
    table = accuracy_table(reports) if reports else "Not measured yet."
    card = _CARD.format(
        parameters=record["parameters"],
        note=note,
        record="\n".join(f"| {name} | {value} |" for name, value in record.items()),
        table=table,
    )
    (folder / "README.md").write_text(card)
    return table


def main() -> None:
    """Read the command line and write the card."""
    parser = argparse.ArgumentParser(description="Write the embedded checkpoint's model card.")
    parser.add_argument("reports", nargs="*", type=Path, help="what `llava-o1 bench accuracy --json` printed")
    parser.add_argument("--checkpoint", type=Path, default=checkpoint_path())
    arguments = parser.parse_args()
    printed = [json.loads(path.read_text()) for path in arguments.reports]
    reports = [report for each in printed for report in each.get("rows", [each])]
    print(write_card(arguments.checkpoint, reports))


if __name__ == "__main__":
    main()
