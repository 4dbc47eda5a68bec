"""The control socket, both ends."""

import asyncio
import json
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from mailgate.control import ControlError, ControlServer, NotRunningError, RefusedError, call


@pytest.fixture
def path():
    """Return a socket's path, short enough for sun_path."""
    with tempfile.TemporaryDirectory(prefix="mg-") as folder:
        yield Path(folder) / "control.sock"


async def status(args):
    return {"running": True, **args}


async def refuse(_args):
    raise RefusedError("there is no queue 'x'")


async def crash(_args):
    raise RuntimeError("the secret text")


COMMANDS = {"status": status, "refuse": refuse, "crash": crash}


def talk(path, work, commands=COMMANDS):
    """Run a server, do the work in a thread, stop the server; return the result and the errors it told."""
    errors = []

    async def run():
        server = ControlServer(path, commands, on_error=lambda name, error: errors.append((name, error)))
        await server.start()
        try:
            return await asyncio.to_thread(work)
        finally:
            await server.stop()

    return asyncio.run(run()), errors


def test_question_and_answer(path):
    """A command gets its arguments and its result comes back."""
    result, _ = talk(path, lambda: call(path, "status", queue="support"))
    assert result == {"running": True, "queue": "support"}


def test_several_questions_one_after_another(path):
    """Each call is a connection of its own."""
    result, _ = talk(path, lambda: [call(path, "status", n=n)["n"] for n in range(20)])
    assert result == list(range(20))


def test_refusal_is_told_word_by_word(path):
    """What a command refuses is for the person who asked."""

    def work():
        with pytest.raises(RefusedError, match="there is no queue 'x'") as caught:
            call(path, "refuse")
        return caught.value.exit_code

    assert talk(path, work)[0] == 1


def test_crash_is_logged_and_not_told(path):
    """The text of an exception that is not ours stays in the house."""

    def work():
        with pytest.raises(RefusedError) as caught:
            call(path, "crash")
        return str(caught.value)

    said, errors = talk(path, work)
    assert "secret" not in said
    assert [(name, str(error)) for name, error in errors] == [("crash", "the secret text")]


def test_unknown_command_names_those_there_are(path):
    """A newer client of an older gateway gets an answer that helps."""

    def work():
        with pytest.raises(RefusedError, match="there are crash, refuse, status"):
            call(path, "fly")

    talk(path, work)


@pytest.mark.parametrize(
    "octets", [b"\n", b"nonsense\n", b"[]\n", b'{"command": ["x"]}\n', b'"status"\n', b"\xff\n"]
)
def test_nonsense_gets_an_answer(path, octets):
    """Anything that is no question is answered, and the server lives on."""

    def work():
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            sock.sendall(octets)
            with sock.makefile("rb") as stream:
                answer = json.loads(stream.readline())
        return answer["ok"], call(path, "status")["running"]

    assert talk(path, work)[0] == (False, True)


def test_socket_is_for_its_owner_only(path):
    """Nobody else may even connect."""
    mode, _ = talk(path, lambda: path.stat().st_mode)
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_nobody_running_is_try_later(path):
    """Without a gateway a command ends with 75."""
    with pytest.raises(NotRunningError, match="not running") as caught:
        call(path, "status")
    assert caught.value.exit_code == 75


def test_stale_socket_is_no_gateway_and_is_replaced(path):
    """After a kill the socket stays behind: commands say so, and the next start takes its place."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(NotRunningError):
        call(path, "status")
    assert talk(path, lambda: call(path, "status"))[0] == {"running": True}


def test_second_gateway_is_refused(path):
    """Two gateways with one control socket would hide each other."""

    def work():
        async def second():
            await ControlServer(path, {}, on_error=lambda *_: None).start()

        with pytest.raises(ControlError, match="another mailgate is running"):
            asyncio.run(second())
        return call(path, "status")["running"]

    assert talk(path, work)[0] is True


def test_file_in_the_place_of_the_socket_is_left_alone(path):
    """Only a socket is ever removed."""
    path.write_text("precious")
    with pytest.raises(ControlError, match="is no socket"):
        talk(path, lambda: None)
    assert path.read_text() == "precious"


def test_folder_that_is_missing_is_a_clear_error(path):
    """The start says what is wrong with the place."""
    with pytest.raises(ControlError, match="No such file"):
        talk(path.parent / "missing" / "x.sock", lambda: None)


def test_stop_removes_the_socket(path):
    """After a graceful stop nothing is left behind."""
    talk(path, lambda: None)
    assert not path.exists()


def test_command_in_hand_is_answered_before_the_stop(path):
    """`stop` itself is a command: its answer goes out although the server closes meanwhile."""
    servers = []

    async def stop(_args):
        await servers[0].stop()
        return "stopping"

    async def run():
        server = ControlServer(path, {"stop": stop}, on_error=lambda *_: None)
        servers.append(server)
        await server.start()
        return await asyncio.to_thread(call, path, "stop")

    assert asyncio.run(run()) == "stopping"


def test_gateway_that_does_not_answer_is_an_error(path):
    """A command does not wait for ever."""
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        with pytest.raises(ControlError, match="did not answer"):
            call(path, "status", timeout=0.05)
