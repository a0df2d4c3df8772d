"""Strategies side by side, as Markdown tables."""

from collections.abc import Iterable, Sequence

from langchain_llava_o1.evaluation.accuracy import AccuracyReport, GroupAccuracy


def comparison_table(reports: Sequence[AccuracyReport]) -> str:
    """Write reports on a benchmark: where the answers are from, and tables.

    There are one of accuracy with what it took, one by kind of question and, where the benchmark has skills
    of several kinds, one by skill; where it has scores of its own, or answers could not be read, one of that.
    """
    origins = dict.fromkeys(report.origin for report in reports if report.origin)
    parts = [*(f"{origin}\n" for origin in origins), _accuracy_table(reports), _kind_table(reports)]
    if any(report.has_skill_groups for report in reports):
        parts.append(_skill_table(reports))
    if any(report.further or report.unread for report in reports):
        parts.append(_score_table(reports))
    return "\n".join(parts)


def _accuracy_table(reports: Sequence[AccuracyReport]) -> str:
    first = reports[0]
    lines = [
        f"| strategy | judge | N | accuracy | 95 % interval | points over {first.name} | McNemar p "
        "| tokens per item | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        paired = report.paired
        judge = report.judge or ("default" if report.candidates > 1 else "–")
        beside = f"{paired.difference * 100:+.1f} | {_p_value(paired.p_value)}" if paired else "– | –"
        lines.append(
            f"| {report.strategy} | {judge} | {report.candidates} "
            f"| {report.accuracy:.1%} | {report.interval.low:.1%} to {report.interval.high:.1%} | {beside} "
            f"| {report.tokens / report.items:.0f} | {report.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"


def _kind_table(reports: Sequence[AccuracyReport]) -> str:
    """Write the accuracy on each kind of question, of each strategy with its most candidates."""
    shown = _with_most_candidates(reports)
    # Where a run was cut short, a strategy may have met kinds that another one has not.
    kinds = {kind: found for report in reversed(shown) for kind, found in report.by_kind.items()}
    lines = _share_heading(["skill", "kind of question"], shown)
    for kind, found in sorted(kinds.items(), key=lambda each: (each[1].skill, each[0])):
        shares = _shares(report.by_kind.get(kind) for report in shown)
        lines.append(f"| {found.skill or '–'} | {kind} | {found.items} | {shares} |")
    return "\n".join(lines) + "\n"


def _skill_table(reports: Sequence[AccuracyReport]) -> str:
    """Write the accuracy by skill, of each strategy with its most candidates."""
    shown = _with_most_candidates(reports)
    lines = _share_heading(["skill"], shown)
    for skill in sorted({skill for report in shown for skill in report.by_skill}):
        items = max(report.by_skill[skill].items for report in shown if skill in report.by_skill)
        shares = _shares(report.by_skill.get(skill) for report in shown)
        lines.append(f"| {skill} | {items} | {shares} |")
    return "\n".join(lines) + "\n"


def _share_heading(names: Sequence[str], shown: Sequence[AccuracyReport]) -> list[str]:
    columns = [*names, "items", *(report.name for report in shown)]
    return [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]


def _shares(groups: Iterable[GroupAccuracy | None]) -> str:
    return " | ".join(f"{found.accuracy:.1%}" if found else "–" for found in groups)


def _score_table(reports: Sequence[AccuracyReport]) -> str:
    """Write how many answers could not be read, and the scores of the benchmark's own tables."""
    names = list(dict.fromkeys(name for report in reports for name in report.further))
    lines = [f"| {' | '.join(['strategy', 'N', 'unread', *names])} |", "|---" * (3 + len(names)) + "|"]
    for report in reports:
        scores = [f"{report.further[name]:.1%}" if name in report.further else "–" for name in names]
        values = [report.strategy, report.candidates, report.unread, *scores]
        lines.append(f"| {' | '.join(map(str, values))} |")
    return "\n".join(lines) + "\n"


def _with_most_candidates(reports: Sequence[AccuracyReport]) -> list[AccuracyReport]:
    return list({report.strategy: report for report in reports}.values())


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
