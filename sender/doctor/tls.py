"""Whether a relay can be reached as the settings say: connection, TLS with a good certificate, AUTH.

The standard library's client asks: it is not the one that sends, and nothing here is in a hurry.
"""

import smtplib
import ssl
from typing import Final

from sender.doctor.finding import Finding, bad, good, unanswered
from sender.relay import Relay

_SECONDS: Final = 10


def look_at_relay(name: str, relay: Relay, seconds: float = _SECONDS) -> Finding:
    about, place = f"Relay {name}", f"{relay.host}:{relay.port}"
    try:
        protocol = _let_in(relay, seconds)
    except smtplib.SMTPNotSupportedError:
        return bad(
            about,
            f"{place} offers no STARTTLS, so nothing is sent there.",
            "Use the port that has TLS from the start (465) with security tls, or ask its provider.",
        )
    except smtplib.SMTPAuthenticationError as error:
        said = (
            error.smtp_error
            if isinstance(error.smtp_error, str)
            else error.smtp_error.decode("utf-8", "replace")
        )
        return bad(
            about,
            f"{place} refuses our account: {error.smtp_code} {' '.join(said.split())[:200]}",
            "Correct its username and password.",
        )
    except ssl.SSLCertVerificationError as error:
        return bad(
            about,
            f"{place} has a certificate that cannot be trusted: {error.verify_message}.",
            "Check the host name in the settings.",
        )
    except (OSError, smtplib.SMTPException) as error:
        return unanswered(
            about,
            f"{place} cannot be reached: {' '.join(str(error).split())[:200]}.",
            "Check host, port and security in the settings, and the firewall.",
        )
    if protocol is None:
        return good(about, f"{place} answers, on this machine and so without TLS.")
    return good(about, f"{place} answers over {protocol} and lets us in.")


def _let_in(relay: Relay, seconds: float) -> str | None:
    """Connect as a sender would, and say goodbye. Returns the protocol of TLS."""
    if relay.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=seconds, context=relay.tls_context()
        )
    else:
        smtp = smtplib.SMTP(relay.host, relay.port, timeout=seconds)
    with smtp:
        if relay.security == "starttls":
            smtp.starttls(context=relay.tls_context())
        smtp.ehlo()
        if relay.username is not None and relay.password is not None:
            smtp.login(relay.username, relay.password)
        return smtp.sock.version() if isinstance(smtp.sock, ssl.SSLSocket) else None
