"""Dovecot from Debian, as a mailbox server of the tests' own: its folder, its ports, its only user."""

import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from certificates import Certificates
from machine import missing

USER, PASSWORD = "bounces@example.org", "pass word 'with\" marks\\"


@dataclass(frozen=True)
class Dovecot:
    maildir: Path
    imap: int
    imaps: int
    pop3: int
    pop3s: int

    def deliver(self, name: str, raw: bytes) -> None:
        (self.maildir / "new" / name).write_bytes(raw)

    def names(self) -> list[str]:
        """What lies there, by the names it was delivered under."""
        found = [
            path.name.partition(":")[0] for part in ("new", "cur") for path in (self.maildir / part).iterdir()
        ]
        return sorted(found)


def binary() -> str:
    path = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        missing("Dovecot", "Install it: apt install dovecot-imapd dovecot-pop3d")
    return path


@contextmanager
def running(certificates: Certificates) -> Iterator[Dovecot]:
    with TemporaryDirectory(prefix="dovecot-") as name:
        Path(name).chmod(0o755)  # started by root, its processes run as users of its own
        with _running_in(Path(name), certificates) as server:
            yield server


@contextmanager
def _running_in(folder: Path, certificates: Certificates) -> Iterator[Dovecot]:
    ports = dict(zip(("imap", "imaps", "pop3", "pop3s"), _free_ports(4), strict=True))
    server = Dovecot(folder / "mail", **ports)
    for name in ("tmp", "new", "cur"):
        (server.maildir / name).mkdir(parents=True)
        shutil.chown(server.maildir / name, *_users()[:2])
    shutil.chown(server.maildir, *_users()[:2])
    (folder / "dovecot.conf").write_text(_settings(folder, certificates, ports))
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}:::::\n")
    process = subprocess.Popen([binary(), "-F", "-c", str(folder / "dovecot.conf")], stderr=subprocess.PIPE)
    try:
        _wait(process, list(ports.values()), folder)
        yield server
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:  # a child of it hangs on a conversation that the test broke off
            process.kill()
            process.communicate()


def _settings(folder: Path, certificates: Certificates, ports: dict[str, int]) -> str:
    user, group, login = _users()
    return dedent(f"""\
        protocols = imap pop3
        base_dir = {folder}/run
        state_dir = {folder}/state
        log_path = {folder}/log
        default_internal_user = {user}
        default_internal_group = {group}
        default_login_user = {login}
        ssl = yes
        ssl_cert = <{certificates.authority.parent}/server.pem
        ssl_key = <{certificates.authority.parent}/server.pem
        disable_plaintext_auth = no
        auth_mechanisms = plain
        first_valid_uid = 0
        first_valid_gid = 0
        mail_uid = {user}
        mail_gid = {group}
        mail_location = maildir:{folder}/mail
        namespace inbox {{
          inbox = yes
        }}
        passdb {{
          driver = passwd-file
          args = scheme=plain {folder}/users
        }}
        userdb {{
          driver = static
          args = uid={user} gid={group} home={folder}
        }}
        service anvil {{
          chroot =
        }}
        service imap-login {{
          chroot =
          inet_listener imap {{
            address = 127.0.0.1
            port = {ports["imap"]}
          }}
          inet_listener imaps {{
            address = 127.0.0.1
            port = {ports["imaps"]}
            ssl = yes
          }}
        }}
        service pop3-login {{
          chroot =
          inet_listener pop3 {{
            address = 127.0.0.1
            port = {ports["pop3"]}
          }}
          inet_listener pop3s {{
            address = 127.0.0.1
            port = {ports["pop3s"]}
            ssl = yes
          }}
        }}
        """)


def _users() -> tuple[str, str, str]:
    """The user and group that own the mails, and the user that takes passwords: root is allowed neither."""
    if os.getuid() == 0:
        return "dovecot", "dovecot", "dovenull"
    user = getpass.getuser()
    return user, grp.getgrgid(os.getgid()).gr_name, user


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _wait(process: subprocess.Popen[bytes], ports: list[int], folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            for port in ports:
                socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return
    log = folder / "log"
    raise AssertionError(f"Dovecot does not start: {log.read_text() if log.exists() else process.returncode}")
