"""`llava-o1 data mix`: a new set from others, by shares."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from langchain_llava_o1.cli.data.line_problems import telling_problems
from langchain_llava_o1.cli.data.options import ColumnsOption, PicturesOption, count_lines, open_set
from langchain_llava_o1.cli.failures import checking_usage
from langchain_llava_o1.cli.options import DebugOption
from langchain_llava_o1.cli.output import write_error, write_output

SourcesArgument = Annotated[
    list[str],
    typer.Argument(metavar="SET=SHARE...", help="Sets and their shares, as in a.jsonl=0.5 b.csv=0.5."),
]
CopyOption = Annotated[
    bool,
    typer.Option(
        "--copy/--no-copy",
        help="Whether pictures are copied, or their paths stay as they are, for the same --pictures.",
    ),
]


def mix(
    sources: SourcesArgument,
    size: Annotated[int, typer.Option("--size", min=1, help="Examples of the mix.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="New folder to write to.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same mix.")] = 0,
    pictures: PicturesOption = None,
    columns: ColumnsOption = None,
    is_copying: CopyOption = True,
    is_debug: DebugOption = False,
) -> None:
    """Mix sets by shares into a new one, and write its card.

    Ids begin with the name of their source. No example is drawn twice; those without their pictures are not
    drawn. --pictures and --column hold for all sets.
    """
    from langchain_llava_o1.data.mixing import MixPart, mix_sets

    parts = [MixPart(open_set(path, pictures, columns), share) for path, share in map(_read_source, sources)]
    # As it has to be written to make the same mix again.
    command = ["llava-o1", "data", "mix", *sources, "--size", str(size), "--seed", str(seed)]
    command += ["--out", str(out), *(["--pictures", str(pictures)] if pictures else [])]
    command += [part for column in columns or [] for part in ("--column", column)]
    command += [] if is_copying else ["--no-copy"]
    with checking_usage(), telling_problems() as report_problem:
        mixed = mix_sets(
            parts,
            out,
            size=size,
            seed=seed,
            copy_pictures=is_copying,
            command=shlex.join(command),
            report_line=count_lines,
            report_problem=report_problem,
        )
        for problem in mixed.problems:
            report_problem(problem)
    width = max(len(source.name) for source in mixed.sources)
    rows = [f"{source.name:<{width}}  {source.num_taken:,}" for source in mixed.sources]
    write_output("\n".join([f"{mixed.path}: {mixed.num_examples:,} examples", *rows]) + "\n")
    write_error(f"llava-o1: fill in the licences in {mixed.card}")


def _read_source(text: str) -> tuple[Path, float]:
    path, equals, written = text.rpartition("=")
    try:
        share = float(written)
    except ValueError:
        share = 0.0
    if not (equals and path and 0 < share < float("inf")):
        raise typer.BadParameter(
            f"{text!r} is no set with its share; write it as in a.jsonl=0.5.", param_hint="SET=SHARE"
        )
    return Path(path), share
