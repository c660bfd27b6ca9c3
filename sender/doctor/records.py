"""SPF, DKIM, DMARC and MX of the sender's domain, held against what this installation sends by. Pure but for
the lookups.

Sources: RFC 7208 (SPF), 6376 and 8463 (DKIM), 7489 (DMARC), and the bulk sender rules of Gmail, Yahoo and
Microsoft, which ask for all three and for a From address that aligns.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sender.dkim import DkimKey
from sender.dns_records import DnsRecord
from sender.doctor.finding import Finding, bad, good, unanswered, warn
from sender.doctor.lookups import Lookups, Unanswered

# Their owners tell everybody to refuse mail in their name that does not come from themselves.
_MAILBOX_PROVIDERS: Final = frozenset({
    "aol.com", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "live.com",
    "mail.ru", "outlook.com", "proton.me", "t-online.de", "web.de", "yahoo.com",
})  # fmt: skip
_MOST_LOOKUPS: Final = 10  # RFC 7208, 4.6.4
_ASKS: Final = re.compile(r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:|redirect=)", re.I)
_FOLLOWS: Final = re.compile(r"[+?~-]?include:(\S+)|redirect=(\S+)", re.IGNORECASE)


def look_at(
    lookups: Lookups,
    from_domain: str,
    return_path_domain: str,
    records: Sequence[DnsRecord],
    keys: Sequence[DkimKey],
) -> Iterator[Finding]:
    """What the DNS says of the domain in From, the return path and each key; `records` is what it should."""
    wanted = {(one.name, one.type): one.value for one in records}
    yield _from_address(from_domain)
    spf = wanted[return_path_domain, "TXT"]
    yield _answered("SPF", lambda: _spf(lookups, return_path_domain, spf))
    for key in keys:
        yield _answered(f"DKIM, {key.selector}", lambda key=key: _dkim(lookups, key))  # type: ignore[misc]
    dmarc = wanted[f"_dmarc.{from_domain}", "TXT"]
    yield _answered("DMARC", lambda: _dmarc(lookups, from_domain, return_path_domain, keys, dmarc))
    bounces = wanted[return_path_domain, "MX"]
    yield _answered("Bounces", lambda: _bounces(lookups, return_path_domain, bounces))


def _answered(about: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except Unanswered as error:
        return unanswered(about, f"{error}.", "Try again in a while.")


def _from_address(domain: str) -> Finding:
    if domain in _MAILBOX_PROVIDERS:
        return bad(
            "From",
            f"Mail in the name of {domain} is refused unless {domain} itself sends it.",
            "Set sender.from_address to an address at a domain of your own.",
        )
    return good("From", f"{domain} is a domain of your own.")


def _spf(lookups: Lookups, domain: str, wanted: str) -> Finding:
    found = _spf_of(lookups, domain)
    mend = f"Publish at {domain}, as TXT: {wanted}"
    if not found:
        return bad("SPF", f"{domain} has no SPF record.", mend)
    if len(found) > 1:
        return bad("SPF", f"{domain} has {len(found)} SPF records; then none counts.", mend)
    terms = found[0].lower().split()[1:]
    if {"+all", "all"} & set(terms):
        return bad("SPF", f"{domain} lets everybody send in its name.", mend)
    asked = _lookups_of(lookups, found[0], _MOST_LOOKUPS + 1)
    if asked > _MOST_LOOKUPS:
        return bad(
            "SPF",
            f"The SPF record of {domain} asks the DNS more than 10 times; then none counts.",
            "Take out what no longer sends for you.",
        )
    missing = [term for term in wanted.lower().split()[1:-1] if term not in terms]
    if missing and not any(_ASKS.match(term) for term in terms):
        return bad("SPF", f"{domain} does not name your relay.", f"Add to it: {' '.join(missing)}")
    if missing:
        return warn(
            "SPF",
            f"{domain} has an SPF record that does not name {' '.join(missing)} itself.",
            "Well, if your relay's provider asked for what stands there; else add it.",
        )
    return good("SPF", f"{domain} names your relay.")


def _spf_of(lookups: Lookups, domain: str) -> list[str]:
    return [one for one in lookups.txt(domain) if re.match(r"v=spf1(?: |$)", one, re.IGNORECASE)]


def _lookups_of(lookups: Lookups, record: str, room: int) -> int:
    """How many lookups a record costs whoever checks it, counted up to `room`."""
    terms = record.split()[1:]
    asked = sum(1 for term in terms if _ASKS.match(term))
    for term in terms:
        if asked >= room:
            break
        if (match := _FOLLOWS.fullmatch(term)) and "%" not in term:  # a macro names no domain yet
            further = _spf_of(lookups, match[1] or match[2])
            asked += sum(_lookups_of(lookups, one, room - asked) for one in further[:1])
    return asked


def _dkim(lookups: Lookups, key: DkimKey) -> Finding:
    about = f"DKIM, {key.selector}"
    mend = f"Publish at {key.record_name}, as TXT: {key.record_value}"
    found = lookups.txt(key.record_name)
    if not found:
        return bad(about, f"{key.record_name} has no record.", mend)
    if len(found) > 1:
        return bad(about, f"{key.record_name} has {len(found)} records.", mend)
    tags, ours = _tags(found[0]), _tags(key.record_value)
    if not tags.get("p"):
        return bad(about, f"The record of {key.record_name} revokes the key.", mend)
    if (tags["p"], tags.get("k", "rsa")) != (ours["p"], ours["k"]):
        return bad(about, f"{key.record_name} has another key than ours.", mend)
    if "y" in tags.get("t", "").split(":"):
        return warn(about, "The record says that the key is being tried out.", "Remove t=y.")
    return good(about, f"{key.record_name} has our key.")


def _dmarc(
    lookups: Lookups, domain: str, return_path_domain: str, keys: Sequence[DkimKey], wanted: str
) -> Finding:
    # Without a list of public suffixes each parent is asked in turn, as the successor of RFC 7489 does it.
    labels = domain.split(".")
    for depth in range(max(len(labels) - 1, 1)):
        holder = ".".join(labels[depth:])
        found = [one for one in lookups.txt(f"_dmarc.{holder}") if one.lower().startswith("v=dmarc1")]
        if found:
            break
    else:
        return bad(
            "DMARC",
            f"{domain} has no DMARC record.",
            f"Publish at _dmarc.{domain}, as TXT: {wanted}",
        )
    if len(found) > 1:
        return bad("DMARC", f"_dmarc.{holder} has {len(found)} records; then none counts.", "Leave one.")
    tags = _tags(found[0])
    if tags.get("p", "").lower() not in ("none", "quarantine", "reject"):
        return bad("DMARC", f"The record of _dmarc.{holder} names no policy.", "Write p=none.")
    by_key = any(_aligns(key.domain, domain, strictly=tags.get("adkim") == "s") for key in keys)
    by_path = _aligns(return_path_domain, domain, strictly=tags.get("aspf") == "s")
    if not by_key:
        ways = "only its return path aligns" if by_path else "nothing aligns"
        return (warn if by_path else bad)(
            "DMARC",
            f"No signature is of {domain} itself: {ways}.",
            "Sign with a key of the domain in sender.from_address.",
        )
    return good("DMARC", f"_dmarc.{holder} has a policy, and mail from {domain} aligns.")


def _aligns(one: str, other: str, *, strictly: bool) -> bool:
    """RFC 7489, 3.1: the same domain, or, relaxed, one within the other."""
    return one == other or (not strictly and (one.endswith(f".{other}") or other.endswith(f".{one}")))


def _bounces(lookups: Lookups, domain: str, wanted: str) -> Finding:
    found, host = lookups.mx(domain), wanted.split()[-1]
    if not found or found == [""]:
        return bad(
            "Bounces",
            f"{domain} takes no mail, so no bounce reaches you.",
            f"Publish at {domain}, as MX: {wanted}",
        )
    if host in found:
        return good("Bounces", f"Mail to {domain} comes to {host}.")
    return warn(
        "Bounces",
        f"Mail to {domain} goes to {found[0]}, not to {host}.",
        "Well, if bounces are read from a mailbox there or by your relay's webhook; else change the MX.",
    )


def _tags(record: str) -> dict[str, str]:
    """`v=DKIM1; k=rsa; p=...` as a mapping; white space within values means nothing (RFC 6376, 3.2)."""
    pairs = (one.partition("=") for one in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs if name.strip()}
