"""What may stand in a setting, and how it is kept. Each raises ValueError that says what to write."""

import re
from ipaddress import IPv6Address
from urllib.parse import quote, urlsplit

import idna

_IN_PATHS = "/%:@!$&'()*+,;=~"  # what may stand in a path as it is (RFC 3986, 3.3)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def host_name(value: str) -> str:
    """A name of the DNS as A-labels (RFC 5890)."""
    try:
        return idna.encode(value, uts46=True).decode()
    except UnicodeError:
        raise ValueError("write a name of the DNS, like example.org") from None


def ascii_address(value: str) -> str:
    """A web address as ASCII, without a slash at the end. Raises ValueError for what is none."""
    parts = urlsplit(value.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("no web address")
    if parts.query or parts.fragment or _CONTROL.search(value):
        raise ValueError("more than a web address")
    host = f"[{IPv6Address(parts.hostname)}]" if ":" in parts.hostname else host_name(parts.hostname)
    port = "" if parts.port is None else f":{parts.port}"  # raises ValueError beyond 65535
    return f"{parts.scheme}://{host}{port}{quote(parts.path, safe=_IN_PATHS)}".rstrip("/")


def without_controls(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("write it on one line, without control characters")
    return value


def mail_address(address: str) -> str:
    """The address as it goes over the wire, its domain in A-labels. ValueError for one not to be used."""
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(without_controls(address), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("write an email address, like letters@example.org") from None
    return f"{valid.local_part}@{valid.ascii_domain}"
