"""The DNS records a sender needs: what a doctor looks for and what the demo lists in dns.txt."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from sender.dkim import DkimKey


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One record; a TXT value stands unquoted and unsplit, as DNS providers' forms take it."""

    name: str
    type: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.type} {self.value}"


def sender_records(
    from_domain: str,
    return_path_domain: str,
    relay_hosts: Sequence[str],
    keys: Sequence[DkimKey],
    *,
    bounce_host: str,
    reports_to: str,
) -> list[DnsRecord]:
    """Return SPF and MX of the return path, each DKIM key, and DMARC of the From domain.

    `bounce_host` receives mail for the return path, `reports_to` is the address for DMARC reports. SPF names
    the relays themselves; a provider that documents an `include:` of its own wants that one instead.
    """
    relays = " ".join(dict.fromkeys(map(_spf_mechanism, relay_hosts)))
    return [
        DnsRecord(return_path_domain, "TXT", f"v=spf1 {relays} ~all"),
        *(DnsRecord(key.record_name, "TXT", key.record_value) for key in keys),
        DnsRecord(f"_dmarc.{from_domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:{reports_to}"),
        DnsRecord(return_path_domain, "MX", f"10 {bounce_host}"),
    ]


def _spf_mechanism(relay_host: str) -> str:
    try:
        address = ipaddress.ip_address(relay_host)
    except ValueError:
        return f"a:{relay_host}"
    return f"ip{address.version}:{address}"
