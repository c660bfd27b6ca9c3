"""A DNS server on this machine that says what a test wants, over UDP and TCP as a real one does."""

import socketserver
import struct
import threading
from collections.abc import Mapping, Sequence
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = Mapping[tuple[str, str], Sequence[str]]  # ("example.org", "TXT"): its values, as they are written


class DnsServer:
    """Open from __enter__ to __exit__. A name without records does not exist; for `broken` ones it fails."""

    def __init__(self, zone: Zone, broken: Sequence[str] = ()) -> None:
        self.zone = dict(zone)
        self.broken = set(broken)
        server = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                octets, connection = self.request
                answer = server.answer(octets)
                if len(answer) > 1232:  # what a careful resolver takes in one datagram
                    answer = server.answer(octets, truncated=True)
                connection.sendto(answer, self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack("!H", self.rfile.read(2))
                answer = server.answer(self.rfile.read(length))
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stream)
        self.port = int(self._tcp.server_address[1])
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Datagram)
        self.address = f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        for server in (self._tcp, self._udp):
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def answer(self, octets: bytes, *, truncated: bool = False) -> bytes:
        asked = dns.message.from_wire(octets)
        question = asked.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype.name
        told = dns.message.make_response(asked)
        told.flags |= dns.flags.RA | (dns.flags.TC if truncated else 0)
        if name in self.broken:
            told.set_rcode(dns.rcode.SERVFAIL)
        elif values := self.zone.get((name, kind)):
            if not truncated:
                told.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, values))
        elif not any(known == name for known, _ in self.zone):
            told.set_rcode(dns.rcode.NXDOMAIN)
        return told.to_wire(max_size=65535)


def quoted(text: str) -> str:
    """A TXT value as zone files have it: strings of at most 255 octets."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
