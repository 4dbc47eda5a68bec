"""What leaves a queue, and what its subject may be, by real LMTP, real commands and two real servers: T4, G3."""

import contextlib
import smtplib

import peers
import pytest
from aiosmtpd.controller import Controller
from gatewayrun import gateway as run_gateway

SUPPORT, ORDERS = "support@desk.example", "orders@desk.example"
BUSINESS = {
    "business.toml": f"""
[[queue]]
name = "support"
address = "{SUPPORT}"
[[queue]]
name = "orders"
address = "{ORDERS}"
mailbox = "hosted"
[[template]]
name = "received"
text = "we have it"
[[address]]
address = "{SUPPORT}"
queue = "support"
script = "desk"
[[address]]
address = "{ORDERS}"
queue = "orders"
script = "desk"
""",
    "desk.sieve": 'require ["vnd.mailgate.ticket", "vnd.mailgate.reply"];\nticket;\nreply :template "received";\n',
}


class Server:
    """Takes every mail; `subjects` are those that it got."""

    def __init__(self) -> None:
        self.subjects: list[str] = []

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  aiosmtpd's name
        line = next(x for x in envelope.content.decode().splitlines() if x.startswith("Subject: "))
        self.subjects.append(line.removeprefix("Subject: "))
        return "250 2.0.0 taken"

    def wait(self, count: int) -> list[str]:
        """Return the subjects, once there are so many."""
        peers.wait_until(lambda: len(self.subjects) >= count, f"{count} mails leave by this server")
        return self.subjects


@contextlib.contextmanager
def servers(count: int):
    """Run so many servers; give them with their ports."""
    with contextlib.ExitStack() as stack:
        running = []
        for _ in range(count):
            server = Server()
            controller = Controller(server, hostname="127.0.0.1", port=peers.free_port())
            controller.start()
            stack.callback(controller.stop)
            running.append((server, controller.port))
        yield running


@pytest.fixture
def world():
    """Run a gateway whose relay is one server, and whose queue `orders` answers through another."""
    with servers(2) as ((relay, relay_port), (hosted, hosted_port)):
        target = {"kind": "smtp", "host": "127.0.0.1", "port": hosted_port, "tls": "none"}
        settings = {"relay": {"port": relay_port}, "targets": {"hosted": target}}
        with run_gateway(settings, BUSINESS) as gateway:
            yield gateway, relay, hosted


def send(gateway, to: str, subject: str) -> None:
    """Send a mail by LMTP."""
    text = f"From: <ann@customer.example>\r\nTo: <{to}>\r\nSubject: {subject}\r\n\r\nHello\r\n"
    with smtplib.LMTP("127.0.0.1", gateway.port, local_hostname="client.example") as client:
        client.sendmail("ann@customer.example", [to], text)


def test_t4_a_queue_names_the_mailbox_it_answers_through(world):
    """The automatic answer and the agent's both leave by the queue's own server; other queues' by the relay."""
    gateway, relay, hosted = world
    send(gateway, ORDERS, "chairs")
    hosted.wait(1)
    gateway.command("ticket", "reply", "T-1", "They are on their way.")
    assert all("chairs" in subject for subject in hosted.wait(2))
    send(gateway, SUPPORT, "tables")
    assert all("tables" in subject for subject in relay.wait(1))
    assert len(hosted.subjects) == 2
    rows = gateway.json("queue", "list", "--state", "sent")
    assert {row["target"] for row in rows if row["ticket_id"] == 1} == {"hosted"}


def test_t4_a_mailbox_that_is_none_is_refused(world):
    """With the names that there are, by command and in a file."""
    gateway, _relay, _hosted = world
    said = gateway.command(
        "ticketqueue",
        "set",
        "support",
        "--mailbox",
        "hostd",
        check=False,
    )
    assert "there is no smtp target 'hostd', did you mean 'hosted'?" in said.stderr
    file = gateway.folder / "wrong.toml"
    file.write_text('[[queue]]\nname = "support"\nmailbox = "hostd"\n')
    said = gateway.command("apply", str(file), check=False)
    assert (
        f"{file}:3: queue[1].mailbox: there is no smtp target 'hostd', did you mean 'hosted'?" in said.stderr
    )


def test_g3_agents_may_edit_subjects(world):
    """Where the setting says so the agent's subject leaves as it is, else it is refused; the session stays."""
    gateway, relay, _hosted = world
    send(gateway, SUPPORT, "tables")
    relay.wait(1)
    refused = gateway.command("ticket", "reply", "T-1", "Hello", "--subject", "Your tables", check=False)
    assert refused.returncode == 1
    assert "subjects are locked" in refused.stderr
    gateway.command("helpdesk", "set", "subjects", "edit")
    before = gateway.json("ticket", "show", "T-1")["session_id"]
    gateway.command("ticket", "reply", "T-1", "Hello", "--subject", "Your tables")
    assert relay.wait(2)[1] == "Your tables"
    assert gateway.json("ticket", "show", "T-1")["session_id"] == before
