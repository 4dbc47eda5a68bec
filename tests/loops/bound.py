"""The bound of docs/loops.md as assertions, each looked at in every window that ends with a mail."""

from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from loopworld import DAY, HOUR, MINUTE, Kept, Left


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: at most so many mails of a kind per key within a window; it bears the budget's name."""

    budget: str
    kind: str
    window_s: int
    most: int
    key: Callable[[Left], object] = lambda _one: ""

    def worst(self, left: Iterable[Left], incoming: Sequence[float] = ()) -> str:
        """Return where it does not hold, "" where it does."""
        for times in self._windows(left):
            if len(times) > self.most and len(times) > self._share(incoming, times[-1]):
                return f"{self.budget}: {len(times)} within {self.window_s} s, the bound is {self.most}"
        return ""

    def peak(self, left: Iterable[Left]) -> int:
        """Return how many there were at most within a window."""
        return max(map(len, self._windows(out(left))), default=0)

    def _windows(self, left: Iterable[Left]) -> Iterator[deque[float]]:
        """Yield, for each mail, the moments of all that count together with it in the window that it ends."""
        recent: defaultdict[object, deque[float]] = defaultdict(deque)
        for one in left:
            if one.kind != self.kind or (self.budget.endswith("per_ticket") and not one.ticket):
                continue
            times = recent[self.key(one)]
            times.append(one.at)
            while times[0] <= one.at - self.window_s:
                times.popleft()
            yield times

    def _share(self, incoming: Sequence[float], at: float) -> float:
        """Return what a fifth of the incoming mail allows: only for answers in all."""
        if not self.budget.startswith("all_"):
            return 0
        return (bisect_right(incoming, at) - bisect_right(incoming, at - self.window_s)) / 5


# Mail that we send by ourselves, at the default budgets.
STATEMENTS = (
    Statement("per_address_hour", "answer", HOUR, 10, lambda one: one.to),
    Statement("per_address_day", "answer", DAY, 40, lambda one: one.to),
    Statement("per_domain_hour", "answer", HOUR, 100, lambda one: one.domain),
    Statement("per_ticket", "answer", 10 * MINUTE, 10, lambda one: one.ticket),
    Statement("all_hour", "answer", HOUR, 1000),
    Statement("all_day", "answer", DAY, 5000),
    Statement("notices_per_address_hour", "notice", HOUR, 60, lambda one: one.to),
    Statement("notices_per_ticket", "notice", 10 * MINUTE, 10, lambda one: one.ticket),
    Statement("notices_hour", "notice", HOUR, 5000),
    Statement("redirects_per_domain_hour", "redirect", HOUR, 1000, lambda one: one.domain),
    Statement("redirects_hour", "redirect", HOUR, 10_000),
)
# A rule that runs over a budget so often within an hour rests.
OVERRUNS = 3
REDIRECTS_PER_MAIL = 4


def broken(left: Sequence[Left], kept: Sequence[Kept] = (), incoming: Sequence[float] = ()) -> list[str]:
    """Return every statement that does not hold for what left; what is held or gathered did not leave."""
    gone = out(left)
    found = [text for statement in STATEMENTS if (text := statement.worst(gone, incoming))]
    overruns: defaultdict[str, deque[float]] = defaultdict(deque)
    for one in kept:
        if one.kind == "answer" and one.reason.startswith("budget-"):
            times = overruns[one.rule]
            times.append(one.at)
            while times[0] <= one.at - HOUR:
                times.popleft()
            if len(times) > OVERRUNS:
                found.append(f"pause_after: rule {one.rule} ran over {len(times)} times within an hour")
                break
    found += _per_mail(gone)
    machines = {one.mail_class for one in gone if one.kind == "answer"} - {"person"}
    found += [f"machines: mail of class {one} was answered" for one in sorted(machines)]
    return found


def out(left: Iterable[Left]) -> list[Left]:
    """Return what left: what is held, waits for a digest or has been gathered into one did not."""
    return [one for one in left if one.state not in {"held", "digest", "gathered"}]


def _per_mail(gone: Sequence[Left]) -> list[str]:
    """Look at the redirects of each single mail."""
    counts = Counter(one.delivery for one in gone if one.kind == "redirect")
    worst = max(counts.values(), default=0)
    return [f"redirects_per_mail: {worst} of one mail"] if worst > REDIRECTS_PER_MAIL else []


def assert_bound(left: Sequence[Left], kept: Sequence[Kept] = (), incoming: Sequence[float] = ()) -> None:
    """Fail if any statement does not hold, naming each."""
    found = broken(left, kept, incoming)
    assert not found, "; ".join(found)
