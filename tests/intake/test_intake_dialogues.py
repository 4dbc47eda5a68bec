"""Every line of the checklist of protocol facts as a dialogue in text, spoken to a real listener."""

import asyncio
import ssl
from pathlib import Path

import dialogue
import intakekit
import pytest
import uvloop

from mailgate.domain.envelope import Source

FILES = sorted((Path(__file__).parent / "dialogues").glob("*.txt"))


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_dialogue_goes_as_written(path, new_loop, request):
    """The server says line by line what stands in the file, and takes the mails that the file names."""
    script = dialogue.read(path)
    contexts = request.getfixturevalue("tls") if script.head.get("tls") == "yes" else (None, None)
    with intakekit.short_folder("mg-in-") as folder, asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_speak(script, folder, contexts))


async def _speak(
    script: dialogue.Dialogue, folder: Path, contexts: tuple[ssl.SSLContext | None, ssl.SSLContext | None]
) -> None:
    options = {"source": Source(script.head.get("mode", "lmtp")), "tls": contexts[0]}
    if script.head.get("trust") == "no":
        options |= {"trusted_networks": (), "trusted_uids": frozenset()}
    if "user" in script.head:
        options["passwords"] = dict([script.head["user"].split()])
    over = script.head.get("over", "tcp")
    async with intakekit.listening(folder, over=over, limits=script.limits, **options) as place:
        await dialogue.Client(place, contexts[1]).speak(script)
        bugs = [event for event in place.house.events if event[0] == "intake_bug"]
        assert not bugs, bugs


def test_every_dialogue_says_what_it_shows():
    """Each file begins with a comment that states its fact, and has steps; numbers are not used twice."""
    scripts = [dialogue.read(path) for path in FILES]
    assert [script.name for script in scripts if not script.fact or not script.steps] == []
    numbers = [script.name.split("-")[0] for script in scripts]
    assert len(set(numbers)) == len(numbers)
