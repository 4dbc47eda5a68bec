"""Real mail servers and a real database for the tests, each in its own temporary folder on loopback ports.

Nothing of the machine's own configuration is read or changed: every peer gets a written configuration, its own queue
or data folder and free ports, and is stopped by the process id that it wrote itself. The benchmarks use them too.

Folders lie directly below the system's temporary folder, not below pytest's: a unix socket's path may have
108 characters at most, and the servers' own users must be able to walk down to it.
"""

import contextlib
import ctypes.util
import json
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HANG_GUARD_S = 60  # far more than any of them takes to start; reached only when one hangs


class PeerError(Exception):
    """A peer did not start; the text holds the end of its log."""


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def short_folder(prefix: str) -> Iterator[Path]:
    """Make a temporary folder with a short path which other users may enter; it is removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def wait_until(
    condition: Callable[[], object], what: str, guard_s: float = HANG_GUARD_S, pause_s: float = 0.02
) -> None:
    """Wait for a condition; give up with a sentence after a generous time."""
    end = time.monotonic() + guard_s
    while not condition():
        if time.monotonic() > end:
            raise PeerError(f"waited {guard_s:g} s in vain: {what}")
        time.sleep(pause_s)


def answers(where: int | Path) -> bool:
    """Whether something at this port of 127.0.0.1, or at this unix socket, greets as mail servers do."""
    try:
        with contextlib.closing(connect(where)) as sock:
            return sock.recv(3) == b"220"
    except OSError:
        return False


def connect(where: int | Path) -> socket.socket:
    """Return a connection to a port of 127.0.0.1 or to a unix socket."""
    if isinstance(where, int):
        return socket.create_connection(("127.0.0.1", where), timeout=5)
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    try:
        sock.connect(str(where))
    except OSError:
        sock.close()
        raise
    return sock


def alive(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def end(pid: int, sign: int = signal.SIGTERM) -> None:
    """End a process that we started, and wait until it is gone; it may be a child of somebody else."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)
        with contextlib.suppress(PeerError):
            wait_until(lambda: not alive(pid), f"process {pid} ends", 20)
            return
        os.kill(pid, signal.SIGKILL)


def read_pid(file: Path) -> int:
    """Return the process id in a file, 0 if there is none yet."""
    try:
        return int(file.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def tail(file: Path, lines: int = 20) -> str:
    """Return the last lines of a log, for messages."""
    if not file.exists():
        return "(no log)"
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


# --- which peers are there -----------------------------------------------------------------------------------


def _user_exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _postgres_bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    return found[-1].parent if found else None


def absent(name: str) -> str:
    """Return why a peer can't be used here, "" if it can."""
    if name in {"postfix", "dovecot", "pigeonhole", "postgresql"} and os.geteuid() != 0:
        return f"{name} can only be started by root"
    match name:
        case "postfix":
            there = Path("/usr/sbin/postfix").exists() and _user_exists("postfix")
        case "dovecot":
            there = Path("/usr/lib/dovecot/lmtp").exists() and _user_exists("dovenull")
        case "pigeonhole":
            there = any(Path("/usr/lib/dovecot/modules").glob("lib90_sieve_plugin.so"))
        case "postgresql":
            there = _postgres_bin() is not None and _user_exists("postgres")
        case "opendkim":
            there = ctypes.util.find_library("opendkim") is not None and bool(
                shutil.which("opendkim-testmsg")
            )
        case "strace" | "sieve-test" | "systemd-analyze":
            there = shutil.which(name) is not None
        case "mime-parser":
            there = Path("/usr/share/perl5/MIME/Parser.pm").exists() and shutil.which("perl") is not None
        case _:
            raise ValueError(f"no such peer: {name}")
    return "" if there else f"{name} is not installed (see tests/apt-packages.txt)"


# --- Postfix -------------------------------------------------------------------------------------------------

MASTER_CF = """\
{port}    inet  n  -  n  -  -  smtpd
pickup    unix  n  -  n  60 1  pickup
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  300 1 qmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
verify    unix  -  -  n  -  1  verify
flush     unix  n  -  n  1000? 0 flush
proxymap  unix  -  -  n  -  -  proxymap
smtp      unix  -  -  n  -  -  smtp
relay     unix  -  -  n  -  -  smtp
showq     unix  n  -  n  -  -  showq
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
discard   unix  -  -  n  -  -  discard
lmtp      unix  -  -  n  -  -  lmtp
anvil     unix  -  -  n  -  1  anvil
scache    unix  -  -  n  -  1  scache
tlsmgr    unix  -  -  n  1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
"""

# Nothing asks the DNS, nothing is delivered on this machine, and what is deferred comes back within seconds.
MAIN_CF: Mapping[str, str] = {
    "compatibility_level": "3.6",
    "myhostname": "mx.example.org",
    "mydomain": "example.org",
    "mydestination": "",
    "mynetworks": "127.0.0.0/8",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "alias_maps": "",
    "alias_database": "",
    "local_recipient_maps": "",
    "local_transport": "error:nothing is local here",
    "smtp_dns_support_level": "disabled",
    "lmtp_dns_support_level": "disabled",
    "smtpd_peername_lookup": "no",
    "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
    "smtpd_tls_security_level": "none",
    "smtp_tls_security_level": "none",
    "notify_classes": "",
    "biff": "no",
    "queue_run_delay": "1s",
    "minimal_backoff_time": "1s",
    "maximal_backoff_time": "2s",
    "smtpd_client_connection_count_limit": "0",
}


@dataclass
class Postfix:
    """A running Postfix with its own configuration, queue and log; `port` is its SMTP port on 127.0.0.1."""

    folder: Path
    port: int
    main: Mapping[str, str] = field(default_factory=dict)
    master: Sequence[str] = ()

    @property
    def config(self) -> Path:
        """The folder of main.cf and master.cf."""
        return self.folder / "etc"

    @property
    def spool(self) -> Path:
        """The queue_directory; sockets may be put below `spool / "private"`."""
        return self.folder / "spool"

    @property
    def maillog(self) -> Path:
        """The log file."""
        return self.folder / "maillog"

    def write(self) -> None:
        """Write the configuration and the folders that Postfix wants to find."""
        for folder, owner in ((self.config, "root"), (self.spool, "root"), (self.folder / "data", "postfix")):
            folder.mkdir(exist_ok=True)
            shutil.chown(folder, owner)
        (self.spool / "private").mkdir(mode=0o700, exist_ok=True)
        shutil.chown(self.spool / "private", "postfix")
        own = {
            "queue_directory": self.spool,
            "data_directory": self.folder / "data",
            "maillog_file": self.maillog,
            "maillog_file_prefixes": self.folder.parent,
        }
        settings = {**MAIN_CF, **own, **self.main}
        (self.config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        lines = [MASTER_CF.format(port=f"127.0.0.1:{self.port}"), *(line + "\n" for line in self.master)]
        (self.config / "master.cf").write_text("".join(lines))

    def command(self, *arguments: str) -> str:
        """Run a Postfix command on this instance and return what it printed."""
        name, *rest = arguments
        done = subprocess.run(
            [f"/usr/sbin/{name}", "-c", str(self.config), *rest], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise PeerError(f"{' '.join(arguments)}: {done.stdout}{done.stderr}\n{tail(self.maillog)}")
        return done.stdout

    def start(self) -> None:
        """Start it and wait for its greeting."""
        self.write()
        self.command("postfix", "start")
        try:
            wait_until(lambda: answers(self.port), "Postfix greets")
        except PeerError as fault:
            self.stop()
            raise PeerError(f"{fault}\n{tail(self.maillog)}") from None

    def stop(self) -> None:
        """End its master process; the others end with it."""
        pid = read_pid(self.spool / "pid" / "master.pid")
        if pid:
            end(pid)

    def reload(self) -> None:
        """Make it read its configuration again."""
        self.write()
        self.command("postfix", "reload")

    def flush(self) -> None:
        """Try everything that was deferred again, now."""
        self.command("postqueue", "-f")

    def queued(self) -> list[dict]:
        """Return what lies in the queue, as `postqueue -j` tells it."""
        return [json.loads(line) for line in self.command("postqueue", "-j").splitlines()]

    def log(self) -> str:
        """Return its whole log."""
        return self.maillog.read_text(errors="replace") if self.maillog.exists() else ""

    def send(self, sender: str, recipients: Sequence[str], octets: bytes) -> dict:
        """Hand a mail to it by SMTP; return the refused recipients with their replies."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=HANG_GUARD_S) as client:
            return client.sendmail(sender, list(recipients), octets)


@contextlib.contextmanager
def postfix(*, main: Mapping[str, str] | None = None, master: Sequence[str] = ()) -> Iterator[Postfix]:
    """Run a Postfix. `main` adds settings to main.cf, `master` lines to master.cf.

    Both may contain `{spool}`, which becomes the queue_directory.
    """
    with short_folder("mg-pf-") as folder:
        server = Postfix(folder, free_port())
        server.main = {
            key: value.replace("{spool}", str(server.spool)) for key, value in (main or {}).items()
        }
        server.master = [line.replace("{spool}", str(server.spool)) for line in master]
        try:
            server.start()
            yield server
        finally:
            server.stop()


# --- Dovecot -------------------------------------------------------------------------------------------------

DOVECOT_CONF = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = lmtp
ssl = no
default_login_user = dovenull
default_internal_user = dovecot
mail_uid = mail
mail_gid = mail
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = {fsync}
verbose_proctitle = no
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={folder}/home/%n allow_all_users=yes
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
  process_limit = 200
  process_min_avail = 2
}}
service stats {{
  client_limit = 2000
}}
service anvil {{
  client_limit = 2000
}}
service auth {{
  client_limit = 2000
}}
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
lda_mailbox_autocreate = yes
protocol lmtp {{
  postmaster_address = postmaster@example.org
  mail_plugins = $mail_plugins {plugins}
}}
plugin {{
  sieve_before = {folder}/sieve/before.sieve
  sieve = file:~/.no-sieve
  sieve_max_script_size = 20M
}}
{extra}
"""


@dataclass
class Dovecot:
    """A running Dovecot that takes mail for any user over LMTP and stores it in Maildirs."""

    folder: Path
    port: int
    pid: int = 0

    @property
    def socket(self) -> Path:
        """The unix socket that speaks LMTP as well."""
        return self.folder / "run" / "lmtp"

    def home(self, user: str) -> Path:
        """Return the home folder of a user (the local part without detail)."""
        return self.folder / "home" / user

    def mails(self, user: str, folder: str = "INBOX") -> list[Path]:
        """Return the files of the mails in a folder of a user, in the order of their names."""
        maildir = self.home(user) / "Maildir"
        if folder != "INBOX":
            maildir /= "." + folder
        return sorted(file for part in ("new", "cur") for file in (maildir / part).glob("*"))

    def log(self) -> str:
        """Return its whole log."""
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    def processes(self) -> list[int]:
        """Return the ids of its master and of all below it."""
        found, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found


@contextlib.contextmanager
def dovecot(*, sieve: str = "", fsync: str = "optimized", extra: str = "") -> Iterator[Dovecot]:
    """Run a Dovecot LMTP server; `sieve` is a script that every delivery runs (Pigeonhole)."""
    with short_folder("mg-dv-") as folder:
        server = Dovecot(folder, free_port())
        for name, owner in (("run", "root"), ("state", "root"), ("home", "mail"), ("sieve", "mail")):
            (folder / name).mkdir()
            shutil.chown(folder / name, owner)
        if sieve:
            (folder / "sieve" / "before.sieve").write_text(sieve)
        plugins = "sieve" if sieve else ""
        text = DOVECOT_CONF.format(folder=folder, port=server.port, fsync=fsync, plugins=plugins, extra=extra)
        config = folder / "dovecot.conf"
        config.write_text(text)
        try:
            # The daemon keeps what it is given as standard error, so that must not be a pipe.
            with (folder / "start").open("w") as output:
                line = ["/usr/sbin/dovecot", "-c", str(config)]
                done = subprocess.run(line, stdout=output, stderr=output, check=False)
            if done.returncode:
                raise PeerError(f"dovecot: {tail(folder / 'start')}")
            wait_until(lambda: answers(server.port), f"Dovecot greets\n{tail(folder / 'log')}")
            server.pid = read_pid(folder / "run" / "master.pid")
            yield server
        finally:
            pid = read_pid(folder / "run" / "master.pid")
            if pid:
                end(pid)


# --- PostgreSQL ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """A running PostgreSQL with one empty database; `url` is what mailgate's settings take."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        """The address of the database, over TCP without a password."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/mailgate"


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Run a PostgreSQL in a folder of its own, as the user postgres."""
    bin_folder = _postgres_bin()
    if bin_folder is None:
        raise PeerError("PostgreSQL is not installed")
    with short_folder("mg-pg-") as folder:
        shutil.chown(folder, "postgres")
        server = Postgres(folder, free_port())
        data, log = folder / "data", folder / "log"

        def run(name: str, *arguments: str) -> None:
            done = subprocess.run(
                [str(bin_folder / name), *arguments],
                user="postgres", group="postgres", extra_groups=[], cwd=folder,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise PeerError(f"{name}: {done.stderr}\n{tail(log)}")

        run("initdb", "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D", str(data))
        options = f"-h 127.0.0.1 -p {server.port} -k {folder}"
        try:
            run(
                "pg_ctl",
                "-D",
                str(data),
                "-l",
                str(log),
                "-o",
                options,
                "-w",
                "-t",
                str(HANG_GUARD_S),
                "start",
            )
            run("createdb", "-h", "127.0.0.1", "-p", str(server.port), "mailgate")
            yield server
        finally:
            if read_pid(data / "postmaster.pid"):
                run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")
