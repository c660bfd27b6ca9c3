"""Which clicks were no person's: mail scanners follow the links before a mail is let through (pure).

What a request tells by itself is its mark; the rest shows only beside the other clicks on the same mail, so
clicks are judged together, a minute later. A person taken for one is counted too little, never too much.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

TOO_SOON: Final = 5  # seconds after delivery: nobody has opened a mail and chosen a link by then
MANY: Final = 3  # different links of one mail
AT_ONCE: Final = 10  # seconds

# Words in a browser's name for itself.
_AGENTS: Final = (
    *("barracuda", "mimecast", "proofpoint", "safelinks", "symantec", "trendmicro", "urlscan", "virustotal"),
    *("bot", "crawl", "spider", "scan", "preview", "imageproxy", "headless"),
    *("curl", "go-http-client", "java/", "libwww", "okhttp", "python", "wget"),
)
# Where mail gateways follow links from, as their makers publish it.
_NETWORKS: Final = tuple(
    ip_network(one)
    for one in (
        *("64.235.144.0/20", "209.222.80.0/21"),  # Barracuda
        *("67.231.144.0/20", "148.163.128.0/19"),  # Proofpoint
        *("63.128.21.0/24", "205.139.110.0/23", "207.211.30.0/24"),  # Mimecast
    )
)


class Hit(NamedTuple):
    """A click as it is judged."""

    seconds: int  # since the mail was delivered
    link: int
    mark: str


def mark_of(method: str, agent: str, purpose: str, address: str) -> str:
    """What a request tells of a scanner by itself, or "". `purpose` is the header by which browsers say that
    they fetch ahead; `address` is the client's.
    """
    if method == "HEAD":  # whoever wants to read a page asks for it
        return "head"
    if "prefetch" in purpose.lower() or "preview" in purpose.lower():
        return "prefetch"
    if not agent.strip() or any(word in agent.lower() for word in _AGENTS):
        return "agent"
    return "network" if _is_known(address) else ""


def scanned(hits: Sequence[Hit]) -> list[bool]:
    """Whether a scanner followed it, for each of the clicks on one mail."""
    ordered = sorted(hits, key=lambda hit: hit.seconds)
    moments = [hit.seconds for hit in ordered]
    hasty: set[int] = set()  # moments within which many links were followed
    for hit in ordered:
        first, after = bisect_left(moments, hit.seconds), bisect_right(moments, hit.seconds + AT_ONCE)
        if len({one.link for one in ordered[first:after]}) >= MANY:
            hasty.update(moments[first:after])
    return [bool(hit.mark) or hit.seconds < TOO_SOON or hit.seconds in hasty for hit in hits]


def _is_known(address: str) -> bool:
    try:
        client = ip_address(address)
    except ValueError:  # a socket's name
        return False
    return any(client in network for network in _NETWORKS)
