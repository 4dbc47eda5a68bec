"""Tables of figures, and one line per goal: met or missed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Series:
    """The figures of one subject under one load, one per round."""

    values: list[float] = field(default_factory=list)

    def cells(self, decimals: int = 0) -> str:
        """Return min, median and max as three columns."""
        if not self.values:
            return f"{'-':>10}{'-':>10}{'-':>10}"
        three = (min(self.values), median(self.values), max(self.values))
        return "".join(f"{value:10.{decimals}f}" for value in three)


@dataclass(frozen=True)
class Goal:
    """A ratio that must be reached: `ours` over `theirs` under one load; with `smaller`, theirs over ours."""

    id: str
    name: str
    load: str
    ours: str
    theirs: str
    least: float
    smaller: bool = False


Figures = dict[tuple[str, str], Series]


def table(figures: Figures, loads: Sequence[str], unit: str, decimals: int = 0) -> str:
    """Return the table: a line for each load and subject, with min, median and max over the rounds."""
    head = f"{'load':<12}{'subject':<22}{'min':>10}{'median':>10}{'max':>10}"
    lines = [f"{unit}, min, median and max over the rounds", head, "-" * len(head)]
    for load in loads:
        lines += [
            f"{load:<12}{subject:<22}{series.cells(decimals)}"
            for (at, subject), series in figures.items()
            if at == load
        ]
    return "\n".join(lines)


def ratio(figures: Mapping[tuple[str, str], Series], goal: Goal) -> float | None:
    """Return the median over the rounds of ours to theirs, each ratio taken within its round."""
    ours = figures.get((goal.load, goal.ours), Series()).values
    theirs = figures.get((goal.load, goal.theirs), Series()).values
    if goal.smaller:
        ours, theirs = theirs, ours
    ratios = [one / other for one, other in zip(ours, theirs, strict=False) if other]
    return median(ratios) if ratios else None


def verdict(figures: Mapping[tuple[str, str], Series], goal: Goal) -> str:
    """Return the goal's line, for example `P1 own-store 4096x10 ratio 3.42 goal 3.0 met`."""
    reached = ratio(figures, goal)
    if reached is None:
        return f"{goal.id} {goal.name} {goal.load} not measured goal {goal.least:g}"
    word = "met" if reached >= goal.least else "missed"
    return f"{goal.id} {goal.name} {goal.load} ratio {reached:.2f} goal {goal.least:g} {word}"
