"""Counting time in business hours, against a model that looks at every single minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailgate.domain import hours
from mailgate.domain.routing import Queue

MINUTE = 60_000
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Queue("support", hours="Mon-Fri 09:00-17:00", timezone="Europe/Berlin", zone=BERLIN)
# Each zone with a day whose clocks change: forward, back, by half an hour, at midnight, and never.
CHANGES = (
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
)


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def local(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=BERLIN))


def shown(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, BERLIN).strftime("%a %Y-%m-%d %H:%M")


def model_is_open(queue: Queue, at: int) -> bool:
    return hours.is_open(queue, datetime.fromtimestamp(at / 1000, UTC))


def model_add(queue: Queue, at: int, minutes: int) -> int:
    """Look at one minute after the other; a minute counts if it is open when it begins."""
    while minutes:
        minutes -= model_is_open(queue, at)
        at += MINUTE
    return at


def model_take(queue: Queue, at: int, minutes: int) -> int:
    while minutes:
        at -= MINUTE
        minutes -= model_is_open(queue, at)
    return at


@st.composite
def written_hours(draw) -> str:
    """Hours that are open on every day, so that the model comes to an end."""
    pieces = []
    for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"):
        edges = sorted(draw(st.lists(st.integers(0, 1440), min_size=2, max_size=4, unique=True)))
        for start, end in zip(edges[::2], edges[1::2], strict=False):
            pieces.append(f"{day} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    return ", ".join(pieces)


@st.composite
def questions(draw):
    name, day = draw(st.sampled_from(CHANGES))
    zone = ZoneInfo(name)
    holidays = draw(st.sampled_from(((), (day.isoformat(),), ((day + timedelta(1)).isoformat()[5:],))))
    queue = Queue("q", hours=draw(written_hours()), timezone=name, holidays=holidays, zone=zone)
    noon = ms(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    return queue, noon + draw(st.integers(-1800, 1800)) * MINUTE, draw(st.integers(1, 900))


@settings(max_examples=150, deadline=None)
@given(questions())
def test_adding_open_time_is_what_counting_minutes_gives(question):
    """On days with a clock change too, and over holidays."""
    queue, at, minutes = question
    found = hours.add_time(hours.calendar_of(queue), at, minutes * MINUTE)
    assert found == model_add(queue, at, minutes)


@settings(max_examples=150, deadline=None)
@given(questions())
def test_taking_open_time_is_what_counting_minutes_back_gives(question):
    """The mirror of adding."""
    queue, at, minutes = question
    found = hours.take_time(hours.calendar_of(queue), at, minutes * MINUTE)
    assert found == model_take(queue, at, minutes)


@settings(max_examples=100, deadline=None)
@given(questions())
def test_time_between_is_what_was_added(question):
    """What was added lies between, and what is open next is open."""
    queue, at, minutes = question
    calendar = hours.calendar_of(queue)
    assert (
        hours.time_between(calendar, at, hours.add_time(calendar, at, minutes * MINUTE)) == minutes * MINUTE
    )
    opens = hours.next_open(calendar, at)
    assert model_is_open(queue, opens)
    assert not any(model_is_open(queue, one) for one in range(at, opens - MINUTE, MINUTE))


@pytest.mark.parametrize(
    ("begins", "span", "ends"),
    [
        ("2026-03-02 10:00", "30m", "Mon 2026-03-02 10:30"),
        ("2026-03-02 10:00", "8h", "Tue 2026-03-03 10:00"),
        ("2026-03-02 09:00", "8h", "Mon 2026-03-02 17:00"),
        ("2026-03-06 16:00", "4h", "Mon 2026-03-09 12:00"),
        ("2026-03-07 12:00", "4h", "Mon 2026-03-09 13:00"),
        ("2026-03-02 10:00", "2d", "Wed 2026-03-04 10:00"),
        ("2026-03-05 10:00", "2d", "Mon 2026-03-09 10:00"),
        ("2026-03-06 20:00", "1d", "Tue 2026-03-10 09:00"),
        # Friday before the clocks go forward, and the same before they go back.
        ("2026-03-27 16:00", "1d", "Mon 2026-03-30 16:00"),
        ("2026-10-23 16:00", "1d", "Mon 2026-10-26 16:00"),
        ("2026-03-27 16:00", "2h", "Mon 2026-03-30 10:00"),
    ],
)
def test_hours_are_open_hours_and_days_are_working_days(begins, span, ends):
    """`8h` counts while it is open; `2d` is the same time of day two working days later."""
    assert shown(hours.add_span(hours.calendar_of(OFFICE), local(begins), span)) == ends


def test_a_time_of_day_that_is_closed_there_waits_for_the_opening():
    """Saturday ends at noon: what would fall into its afternoon is due on Monday morning."""
    queue = Queue("q", hours="Mon-Fri 09:00-17:00, Sat 09:00-12:00", timezone="Europe/Berlin", zone=BERLIN)
    found = hours.add_span(hours.calendar_of(queue), local("2026-03-06 15:00"), "1d")
    assert shown(found) == "Mon 2026-03-09 09:00"


def test_holidays_of_queue_and_region_are_no_working_days():
    """Good Friday comes with the region, Easter Monday from the queue's own list."""
    queue = Queue(
        "q", hours="Mon-Fri 09:00-17:00", holidays=("2026-04-06",), zone=BERLIN, closed=frozenset({date(2026, 4, 3)})
    )  # fmt: skip
    calendar = hours.calendar_of(queue)
    assert shown(hours.add_span(calendar, local("2026-04-02 16:00"), "2h")) == "Tue 2026-04-07 10:00"
    assert shown(hours.add_span(calendar, local("2026-04-02 16:00"), "1d")) == "Tue 2026-04-07 16:00"
    assert hours.next_working_date(queue, datetime(2026, 4, 2, 12, tzinfo=UTC)) == date(2026, 4, 7)
    assert not hours.is_open(queue, datetime(2026, 4, 3, 10, tzinfo=UTC))


def test_a_warning_is_taken_from_the_end():
    """Four open hours before Monday 10:00 are Friday 14:00; a day before is Friday 10:00."""
    calendar = hours.calendar_of(OFFICE)
    assert shown(hours.take_span(calendar, local("2026-03-09 10:00"), "4h")) == "Fri 2026-03-06 14:00"
    assert shown(hours.take_span(calendar, local("2026-03-09 10:00"), "1d")) == "Fri 2026-03-06 10:00"


def test_without_hours_it_is_always_open():
    """Plain time then, nights and weekends too; days keep the time of day over a clock change."""
    queue = Queue("q", timezone="Europe/Berlin", zone=BERLIN, holidays=("12-25",))
    calendar = hours.calendar_of(queue)
    assert hours.add_span(calendar, 0, "3h") == 3 * 3_600_000
    assert shown(hours.add_span(calendar, local("2026-03-28 10:00"), "1d")) == "Sun 2026-03-29 10:00"
    assert hours.calendar_of(None).spans == ()


def test_a_queue_that_never_opens_has_no_due_time():
    """The search ends, and says so."""
    queue = Queue("q", hours="Mon 09:00-10:00", zone=BERLIN, closed=Every())
    calendar = hours.calendar_of(queue)
    for found in (
        hours.add_span(calendar, 0, "1h"),
        hours.add_span(calendar, 0, "1d"),
        hours.take_span(calendar, 0, "1h"),
        hours.next_open(calendar, 0),
    ):
        assert found == hours.NEVER
    assert hours.time_between(calendar, 0, 10**12) == 0
    assert hours.next_working_date(queue, datetime(2026, 4, 2, tzinfo=UTC)) == date(2026, 4, 3)


class Every:
    """Closed on every day."""

    def __contains__(self, day: object) -> bool:
        return True


def test_no_span_is_never():
    """Nothing said, nothing due."""
    assert hours.add_span(hours.ALWAYS, 5, "") == hours.NEVER
    assert hours.take_span(hours.ALWAYS, 5, "") == hours.NEVER


def test_what_was_looked_at_once_is_fast():
    """Eight working hours over a weekend: microseconds once the days are known."""
    from time import perf_counter

    calendar = hours.calendar_of(OFFICE)
    at = local("2026-03-06 16:00")
    hours.add_span(calendar, at, "8h")
    best = min(_timed(perf_counter, lambda: hours.add_span(calendar, at, "8h")) for _ in range(50))
    assert best < 200e-6, f"{best * 1e6:.0f} microseconds"


def _timed(clock, work) -> float:
    begun = clock()
    work()
    return clock() - begun
