"""Postfix from Debian, as a relay of the tests' own: its folders, its port, its only Maildir."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from certificates import Certificates
from machine import missing
from waiting import until

from sender.relay import Relay

HERE = "inbox.example.org"  # where it knows everybody but those whose name begins with “nobody”
MOST_OCTETS = 200_000  # of one message
_OWNER = 65534  # of the Maildir: Postfix delivers nothing as root


@dataclass(frozen=True)
class Postfix:
    folder: Path
    port: int
    certificates: Certificates
    binary: str

    @property
    def relay(self) -> Relay:
        return Relay("localhost", self.port, ca_file=self.certificates.authority)

    def start(self) -> None:
        self._command("start")

    def stop(self) -> None:
        """At once: what it is doing is broken off, what it has taken stays in its queue."""
        self._command("abort")
        until(lambda: self._postfix("status").returncode != 0, self.log)

    def route(self, ports: Mapping[str, int]) -> None:
        """Give mail for these domains to what listens on a port of this machine."""
        lines = (f"{domain} smtp:[127.0.0.1]:{port}\n" for domain, port in ports.items())
        (self.folder / "etc" / "routes").write_text("".join(lines))
        self._command("reload")

    def inbox(self) -> list[bytes]:
        """What has arrived, with the lines that Postfix put on top, their ends as on the wire."""
        mails = (self.folder / "mail" / "new").glob("*")
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in mails]

    def arrived(self, count: int) -> list[bytes]:
        """The inbox, once so many mails are in it and none is on its way."""
        until(lambda: len(self.inbox()) >= count and not self._queue(), self.log)
        return self.inbox()

    def empty(self) -> None:
        for path in (self.folder / "mail" / "new").glob("*"):
            path.unlink()

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def _queue(self) -> list[Path]:
        folders = [self.folder / "queue" / name for name in ("incoming", "active", "deferred")]
        return [path for folder in folders for path in folder.rglob("*") if path.is_file()]

    def _command(self, what: str) -> None:
        done = self._postfix(what)
        assert done.returncode == 0, f"postfix {what}: {done.stderr}\n{self.log()}"

    def _postfix(self, what: str) -> subprocess.CompletedProcess[str]:
        command = [self.binary, "-c", str(self.folder / "etc"), what]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


def _found() -> str:
    path = shutil.which("postfix") or shutil.which("postfix", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        missing(
            "Postfix", "Install it: apt install postfix (as “No configuration”; its service may stay off)"
        )
    if os.getuid() != 0:
        missing("The right to start Postfix", "Run these tests as root, as in a container.")
    return path


@contextmanager
def running(certificates: Certificates) -> Iterator[Postfix]:
    binary = _found()
    with TemporaryDirectory(prefix="postfix-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # its processes run as users of its own
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        postfix = Postfix(folder, port, certificates, binary)
        _furnish(folder, port, certificates)
        postfix.start()
        try:
            yield postfix
        finally:
            postfix.stop()


def _furnish(folder: Path, port: int, certificates: Certificates) -> None:
    for part in ("etc", "queue", "mail"):
        (folder / part).mkdir()
    os.chown(folder / "mail", _OWNER, _OWNER)
    shutil.copy(certificates.authority.parent / "server.pem", folder / "etc" / "server.pem")
    (folder / "etc" / "main.cf").write_text(_main(folder))
    (folder / "etc" / "master.cf").write_text(_master(port))
    (folder / "etc" / "readers").write_text("!/^nobody/ mail/\n")
    (folder / "etc" / "routes").touch()


def _main(folder: Path) -> str:
    return dedent(f"""\
        compatibility_level = 3.6
        queue_directory = {folder}/queue
        data_directory = {folder}/data
        maillog_file = {folder}/log
        maillog_file_prefixes = {folder}
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = relay.example.net
        mydestination =
        mynetworks = 127.0.0.0/8
        alias_maps =
        alias_database =
        smtpd_peername_lookup = no
        smtpd_relay_restrictions = permit_mynetworks, reject
        smtpd_tls_security_level = encrypt
        smtpd_tls_chain_files = {folder}/etc/server.pem
        smtputf8_enable = yes
        message_size_limit = {MOST_OCTETS}
        virtual_mailbox_domains = {HERE}
        virtual_mailbox_base = {folder}
        virtual_mailbox_limit = 0
        virtual_mailbox_maps = regexp:{folder}/etc/readers
        virtual_uid_maps = static:{_OWNER}
        virtual_gid_maps = static:{_OWNER}
        smtp_dns_support_level = disabled
        smtp_tls_security_level = may
        smtp_tls_loglevel = 1
        transport_maps = texthash:{folder}/etc/routes
        default_transport = error:5.4.4 no way to there from a test
        """)


def _master(port: int) -> str:
    """The services of Debian's master.cf that a relay needs, without chroot, and no local delivery."""
    return dedent(f"""\
        127.0.0.1:{port} inet n - n - - smtpd
        pickup unix n - n 60 1 pickup
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        tlsmgr unix - - n 1000? 1 tlsmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        verify unix - - n - 1 verify
        flush unix n - n 1000? 0 flush
        proxymap unix - - n - - proxymap
        smtp unix - - n - - smtp
        error unix - - n - - error
        retry unix - - n - - error
        virtual unix - n n - - virtual
        anvil unix - - n - 1 anvil
        scache unix - - n - 1 scache
        postlog unix-dgram n - n - 1 postlogd
        """)
