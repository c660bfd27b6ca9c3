"""`courseletter doctor`: what a person sees, and what follows for sends."""

import re

import pytest
from dns_server import DnsServer


@pytest.fixture
def empty_dns():
    with DnsServer({}) as server:
        yield server


def test_r12_the_doctor_names_what_is_missing_and_home_remembers(line, empty_dns: DnsServer) -> None:
    said = line.done("doctor", "--server", empty_dns.address).out
    for about in ("SPF", "DKIM", "DMARC", "Bounces", "Relay smtp", "Unsubscribe"):
        assert re.search(rf"^[✓!✗?] {about}", said, re.MULTILINE), said
    assert "Publish at _dmarc.example.org, as TXT: v=DMARC1; p=none" in said
    found = line.done("doctor", "--server", empty_dns.address, "--json").json
    assert {one["level"] for one in found} == {"good", "bad", "unknown"}


def test_r12_strict_is_for_scripts(line, empty_dns: DnsServer) -> None:
    assert line("doctor", "--server", empty_dns.address, "--strict").code == 2


def test_r12_a_send_warns(school_line, empty_dns: DnsServer) -> None:
    school_line.done("doctor", "--server", empty_dns.address)
    said = school_line.done("course", "publish", "three-small-habits").out
    assert "Mail providers may not believe your mail. SPF: bounces.example.org has no SPF record." in said


def test_a_server_that_is_none_is_refused(line) -> None:
    for server in ("dns.example.org", "127.0.0.1:x", ""):
        if server:
            assert "is no DNS server" in line.refused("doctor", "--server", server)
