"""Programs as targets: what they are given, what their exit status means, and that none outlives its time."""

import asyncio
import time
from pathlib import Path

import pytest
from targetkit import TEXT, new_job

from mailgate.domain.target import Failed, Retry, Sent
from mailgate.targets.pipe import PipeOptions, PipeTarget


def program(tmp_path, script: str) -> str:
    """Return a shell script as a program."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def run(command: tuple[str, ...], *jobs, **changes):
    """Hand jobs to a program; returns the outcomes."""

    async def work():
        target = PipeTarget(PipeOptions(command, **changes))
        try:
            return await target.deliver(jobs)
        finally:
            await target.close()

    return asyncio.run(work())


def test_a_program_gets_the_mail_and_who_wrote_to_whom(tmp_path):
    """The mail on its input, the rule's arguments behind ours, the addresses in its environment."""
    out = tmp_path / "out"
    script = program(tmp_path, f'echo "$@|$SENDER|$RECIPIENT|$HOME" > {out}; cat >> {out}')
    jobs = [new_job(kind="pipe", arguments=("two; touch /nowhere", "$(three)"))]
    assert run((script, "one"), *jobs) == [Sent("done")]
    assert (
        out.read_bytes() == b"one two; touch /nowhere $(three)|sender@example.org|ann@example.net|\n" + TEXT
    )


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("cat > /dev/null; exit 75", Retry("exit status 75")),
        ("echo no room >&2; exit 75", Retry("exit status 75: no room")),
        ("cat > /dev/null; echo bad >&2; exit 3", Failed("exit status 3: bad")),
        ("exit 0", Sent("done")),
        ("kill -9 $$", Failed("exit status -9")),
    ],
)
def test_the_exit_status_says_what_becomes_of_it(tmp_path, script, outcome):
    """0 is done, also for a program that reads nothing; EX_TEMPFAIL is later; all else never."""
    big = b"Subject: x\r\n\r\n" + b"x" * 300_000
    assert run((program(tmp_path, script),), new_job(kind="pipe", octets=big)) == [outcome]


def test_a_failure_that_the_rule_takes_lightly_is_over(tmp_path):
    """With `:try` nobody has to look at it."""
    (outcome,) = run((program(tmp_path, "exit 1"),), new_job(kind="pipe", lenient=True))
    assert outcome == Sent("failed, as the rule allows: exit status 1")


def test_a_program_that_is_not_there_is_tried_again(tmp_path):
    """That is a fault of the house, and says nothing about the mail."""
    (outcome,) = run((str(tmp_path / "gone"),), new_job(kind="pipe"))
    assert isinstance(outcome, Retry)


def test_a_program_that_hangs_is_killed_with_all_that_it_started(tmp_path):
    """After its time the whole group ends; the next mail is not lost for it."""
    script = program(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    began = time.monotonic()
    (outcome,) = run((script,), new_job(kind="pipe"), timeout_s=0.3)
    assert outcome == Failed("took longer than 0.3 s")
    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        stat = Path(f"/proc/{child}/stat")
        if not stat.exists() or b") Z " in stat.read_bytes():
            break
        time.sleep(0.02)
    else:
        pytest.fail("the child lives on")
