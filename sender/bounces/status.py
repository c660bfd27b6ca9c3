"""What a failure means for its recipient: from the status code (RFC 3463) and the server's words. Pure."""

import re
from typing import Final

from sender.bounces.report import Kind
from sender.replies import NO_SUCH_MAILBOX

_CODE: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_MOST_TEXT: Final = 4000  # characters that are looked at; a server says what matters first


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_FULL: Final = _any_of(
    r"over ?quota",
    r"quota (?:is )?exceed",
    r"exceed\w* (?:\w+ ){0,3}quota",
    r"mailbox (?:is |was )?(?:too )?full",
    r"(?:in)?box is full",
    r"mailfolder is full",
    r"out of storage",
    r"insufficient (?:system )?(?:storage|disk)",
    r"postfach (?:ist )?(?:voll|überfüllt)",
    r"boîte pleine|quota dépassé",
    r"buzón lleno",
    r"переполнен",
    r"邮箱已满",
)
_OUR_FAULT: Final = _any_of(
    r"\bspam",
    r"black ?list|block ?list|\bDN?SBL\b|\bRBL\b|spamhaus|spamcop|barracuda",
    r"blocked (?:by|for|due|using|because)|has been blocked|message blocked|ip .{0,40}\bblocked",
    r"\bDMARC\b|\bDKIM\b|\bSPF\b",
    r"reputation",
    r"(?:policy|content) (?:reasons?|violation|rejection|restriction)",
    r"rejected (?:for|due to|by) (?:policy|content)",
    r"rejected by (?:our )?(?:content )?filter",
    r"access denied(?!.{0,20}AS\(201806281\))",  # Exchange Online says so of a mailbox that is not there
    r"unauthenticated|authentication required|not authenticated",
    r"too many (?:messages|connections|recipients|complaints)",
    r"rate.?limit|throttl|unusual(?:ly high)? (?:rate|volume)",
    r"relay(?:ing)? (?:access )?(?:denied|not (?:permitted|allowed))|unable to relay",
    r"virus|malware|phishing",
)
_NOBODY: Final = _any_of(
    r"(?:user|recipient|mailbox|account|address)\w* (?:\S+ ){0,3}?(?:unknown|not (?:found|known|exist))",
    r"unknown (?:or illegal )?(?:local )?(?:user|recipient|address|mailbox|account|alias)",
    r"no such (?:user|recipient|person|mailbox|address|account|local)",
    r"(?:does|do|did) ?(?:not|n['’]?t) (?:exist|have an? \S+ account)",
    r"doesn['’]t have an? \S+ account",
    r"no (?:mailbox|account|user) (?:here )?(?:by|with) that name",
    r"invalid (?:mailbox|recipient|user)",
    r"(?:account|mailbox|user) (?:\S+ ){0,6}?"
    r"(?:disabled|deactivated|terminated|closed|discontinued|suspended|deleted)",
    r"is a deactivated mailbox",
    r"no longer (?:valid|available|active|in use|works|employed|at this)",
    r"not a (?:valid|known) (?:user|mailbox|recipient|address)",
    r"not our customer|not listed in|wrong address",
    r"host (?:or domain name )?(?:\S+ )?not found|domain (?:\S+ )?(?:not found|does not exist)|NXDOMAIN",
    r"all relevant MX records point to non-existent hosts",
    r"address couldn['’]t be found|wasn['’]t found at",
    r"AS\(201806281\)",
    r"benutzer unbekannt|empfänger (?:unbekannt|existiert nicht)|existiert nicht",
    r"utilisateur inconnu|adresse inconnue|n['’]existe pas",
    r"usuario desconocido|no existe",
    r"utente sconosciuto|non esiste",
    r"не существует|не найден",
    r"不存在|存在しません",
)


def kind_of(status: str, text: str) -> Kind:
    """Return HARD, SOFT or REFUSED for a delivery that has failed.

    The code decides where it says something; `5.0.0`, and codes that servers use for anything, leave it to
    the words. What stays unclear is SOFT: five of those over two weeks weigh as much as one that is clear.
    """
    text = text[:_MOST_TEXT]
    code = code_of(status, text)
    if code in NO_SUCH_MAILBOX:
        return Kind.HARD
    if code[2:4] == "7.":
        return Kind.REFUSED
    if code.startswith("4.") or code == "5.2.2" or _FULL.search(text):
        return Kind.SOFT
    if _OUR_FAULT.search(text):
        return Kind.REFUSED
    return Kind.HARD if _NOBODY.search(text) else Kind.SOFT


def code_of(status: str, text: str) -> str:
    """Return the more telling of the report's own code and the one in the remote server's words, or ""."""
    codes = [".".join(str(int(part)) for part in found) for found in _CODE.findall(f"{status[:20]} {text}")]
    telling = [code for code in codes if not code.endswith(".0.0")]
    return (telling or codes or [""])[0]
