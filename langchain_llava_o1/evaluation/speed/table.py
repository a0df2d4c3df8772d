"""Speed of the engine beside ``generate``, and of the graph beside the engine, told in a terminal."""

from langchain_llava_o1.evaluation.speed.measure import SpeedReport, measure_speed
from langchain_llava_o1.evaluation.speed.overhead import OverheadReport, measure_overhead

__all__ = ["measure_overhead", "measure_speed", "speed_table"]


def speed_table(report: SpeedReport, overhead: OverheadReport) -> str:
    """Write both reports as a table for a terminal."""
    lines = [
        f"{report.checkpoint}, {report.candidates} candidate(s), {report.questions} question(s), "
        f"median of {report.repeats}; {report.device}, {report.bytes_per_second / 1e9:.1f} GB/s",
        f"{'':<38}{'seconds':>9}{'ratio':>8}{'tokens':>8}{'pictures':>10}{'read':>7}{'fewest':>8}"
        f"{'steps':>7}{'peak GB':>9}{'roofline':>10}",
    ]
    lines += [
        f"{f'{row.name} ({row.dtype})':<38}{row.seconds:>9.2f}{row.ratio:>7.1f}x{row.num_generated:>8}"
        f"{row.num_pictures:>10}{row.num_read:>7}{row.fewest_read:>8}{row.num_steps:>7}"
        f"{row.peak_bytes / 1e9:>9.2f}{row.roofline_ratio:>9.1f}x"
        for row in report.rows
    ]
    if report.questions > 1:
        lines += [
            f"{row.name}: one question alone {row.seconds_of_one:.2f} s, "
            f"{report.questions} together {row.seconds / row.seconds_of_one:.1f}x that"
            for row in report.rows
            if row.seconds_of_one is not None
        ]
    lines += [
        f"decode step of {step.rows} row(s): {step.seconds * 1e3:.1f} ms, "
        f"{step.roofline_ratio:.1f}x the time of reading what it must"
        for step in report.decode_steps
    ]
    lines.append(
        f"graph and chat model: {overhead.graph_seconds:.2f} s for a search whose requests take the engine "
        f"{overhead.engine_seconds:.2f} s ({overhead.share:+.1%})"
    )
    return "\n".join(lines) + "\n"
