"""Speed of the engine beside transformers' ``generate``, measured there and told here."""

from langchain_llava_o1.speed.measure import SpeedReport, measure_speed

__all__ = ["measure_speed", "speed_table"]


def speed_table(report: SpeedReport) -> str:
    """Write a report as a table for a terminal."""
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
    return "\n".join(lines) + "\n"
