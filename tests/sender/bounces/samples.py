"""Mails that come back, as the servers of this world write them, and what each means for its reader.

All are about one delivery: `RETURN_PATH` is where they were sent, `MESSAGE_ID` what they give back, `READER` whom
they name. The hosts are invented; wording and layout are each system's own.
"""

# ruff: noqa: E501 - a server's words stand on one line, however long

from dataclasses import dataclass
from textwrap import dedent

from school import KEY

from sender.bounces.report import Kind
from sender.message import message_id
from sender.return_path import return_path

BOUNCES = "bounces.example.org"
FROM = "letters.example.org"
RETURN_PATH = return_path(KEY, 7, BOUNCES)
MESSAGE_ID = message_id(KEY, 7, FROM)
READER = "robin@inbox.example.net"

ORIGINAL = f"""\
Return-Path: <{RETURN_PATH}>
Received: from relay.example.org (relay.example.org [192.0.2.7])
 by mx.inbox.example.net (Postfix) with ESMTPS id 4Zq8vN2k1jz9sB; Mon, 3 Mar 2025 07:00:04 +0000 (UTC)
From: Field Notes <notes@letters.example.org>
To: Robin <{READER}>
Subject: 1/3: Start small
Date: Mon, 03 Mar 2025 07:00:00 +0000
Message-ID: {MESSAGE_ID}
List-Id: Habits <crs_1.letters.example.org>
List-Unsubscribe: <https://letters.example.org/unsubscribe/abc>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_abcdefgh"
"""


@dataclass(frozen=True)
class Sample:
    name: str
    kind: Kind
    raw: bytes
    status: str = ""


def _crlf(text: str) -> bytes:
    return text.encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _head(sender: str, subject: str, more: str = "") -> str:
    return (
        f"Return-Path: <>\nDelivered-To: {RETURN_PATH}\n"
        f"Received: from mx.inbox.example.net by mail.example.org; Mon, 3 Mar 2025 07:00:09 +0000\n"
        f"From: {sender}\nTo: {RETURN_PATH}\nSubject: {subject}\n"
        f"Date: Mon, 3 Mar 2025 07:00:09 +0000\nMessage-ID: <20250303070009.1A2B3@mx.inbox.example.net>\n{more}"
    )


def _dsn(
    sender: str,
    subject: str,
    text: str,
    status: str,
    *,
    more: str = "",
    returned: str = "message/rfc822",
    status_type: str = "message/delivery-status",
) -> bytes:
    """A multipart/report of three parts (RFC 6522)."""
    head = _head(sender, subject, f"{more}MIME-Version: 1.0\n")
    return _crlf(
        f'{head}Content-Type: multipart/report; report-type=delivery-status;\n boundary="4Zq8vN/mx"\n\n'
        f"This is a MIME-encapsulated message.\n\n--4Zq8vN/mx\nContent-Description: Notification\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{dedent(text).strip()}\n\n--4Zq8vN/mx\n"
        f"Content-Description: Delivery report\nContent-Type: {status_type}\n\n{dedent(status).strip()}\n\n"
        f"--4Zq8vN/mx\nContent-Description: Undelivered Message\nContent-Type: {returned}\n\n{ORIGINAL}\n"
        f"--=_abcdefgh\n\nSoil is alive.\n--=_abcdefgh--\n\n--4Zq8vN/mx--\n"
    )


def _plain(sender: str, subject: str, text: str, more: str = "") -> bytes:
    return _crlf(f"{_head(sender, subject, more)}\n{dedent(text).strip()}\n")


def _postfix(diagnostic: str, status: str, *, action: str = "failed", subject: str = "") -> bytes:
    said = f"<{READER}>: host mx.inbox.example.net[198.51.100.7] said: {diagnostic} (in reply to RCPT TO command)"
    return _dsn(
        "MAILER-DAEMON@relay.example.org (Mail Delivery System)",
        subject or "Undelivered Mail Returned to Sender",
        f"""\
        This is the mail system at host relay.example.org.

        I'm sorry to have to inform you that your message could not
        be delivered to one or more recipients. It's attached below.

        For further assistance, please send mail to postmaster.

                           The mail system

        {said}
        """,
        f"""\
        Reporting-MTA: dns; relay.example.org
        X-Postfix-Queue-ID: 4Zq8vN2k1jz9sB
        X-Postfix-Sender: rfc822; {RETURN_PATH}
        Arrival-Date: Mon,  3 Mar 2025 07:00:00 +0000 (UTC)

        Final-Recipient: rfc822; {READER}
        Original-Recipient: rfc822;{READER}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; mx.inbox.example.net
        Diagnostic-Code: smtp; {diagnostic}
        """,
        more="Auto-Submitted: auto-replied\n",
    )


def _exchange(code: str, words: str, status: str | None = None) -> bytes:
    return _dsn(
        "postmaster@corp.example.net",
        "Undeliverable: 1/3: Start small",
        f"""\
        Delivery has failed to these recipients or groups:

        {READER}
        {words}

        Diagnostic information for administrators:
        Generating server: AM0PR04MB1.eurprd04.prod.outlook.com
        {READER}
        Remote server returned '{code}'
        """,
        f"""\
        Reporting-MTA: dns;AM0PR04MB1.eurprd04.prod.outlook.com
        Received-From-MTA: dns;relay.example.org
        Arrival-Date: Mon, 3 Mar 2025 07:00:02 +0000

        Final-Recipient: rfc822;{READER}
        Action: failed
        Status: {status or code.split()[1]}
        Diagnostic-Code: smtp;{code}
        """,
        more="X-MS-Exchange-Message-Is-Ndr:\nX-Auto-Response-Suppress: All\nContent-Language: en-US\n",
    )


def _gmail(diagnostic: str, status: str, words: str) -> bytes:
    return _dsn(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Delivery Status Notification (Failure)",
        f"""\
        ** {words} **

        The response from the remote server was:
        {diagnostic}
        """,
        f"""\
        Reporting-MTA: dns; googlemail.com
        Received-From-MTA: dns; {RETURN_PATH}
        Arrival-Date: Sun, 02 Mar 2025 23:00:05 -0800 (PST)
        X-Original-Message-ID: {MESSAGE_ID}

        Final-Recipient: rfc822; {READER}
        Action: failed
        Status: {status}
        Remote-MTA: dns; gmail-smtp-in.l.google.com. (192.0.2.27, the server for the domain.)
        Diagnostic-Code: smtp; {diagnostic}
        Last-Attempt-Date: Sun, 02 Mar 2025 23:00:06 -0800 (PST)
        """,
        more=f"X-Failed-Recipients: {READER}\nAuto-Submitted: auto-replied\n",
    )


def _arf(
    kind: str, fields: str, *, sender: str, agent: str = "SomeGenerator/1.0", original: str = ORIGINAL
) -> bytes:
    head = _head(sender, "FW: 1/3: Start small", "MIME-Version: 1.0\n")
    return _crlf(
        f"{head}Content-Type: multipart/report; report-type=feedback-report; boundary=part1\n\n"
        f"--part1\nContent-Type: text/plain; charset=US-ASCII\n\nThis is an email abuse report.\n\n"
        f"--part1\nContent-Type: message/feedback-report\n\nFeedback-Type: {kind}\nUser-Agent: {agent}\nVersion: 1\n"
        f"{dedent(fields).strip()}\n\n--part1\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n"
        f"{original}\n--=_abcdefgh--\n--part1--\n"
    )


def _exim(reason: str, *, sender: str = "Mail Delivery System <Mailer-Daemon@mx.inbox.example.net>") -> bytes:
    return _plain(
        sender,
        "Mail delivery failed: returning message to sender",
        f"""\
        This message was created automatically by mail delivery software.

        A message that you sent could not be delivered to one or more of its
        recipients. This is a permanent error. The following address(es) failed:

          {READER}
            {reason}

        ------ This is a copy of the message, including all the headers. ------

        {ORIGINAL}
        """.replace("\n        ", "\n"),
        f"X-Failed-Recipients: {READER}\nAuto-Submitted: auto-replied\n",
    )


def _qmail(reason: str, sender: str = "MAILER-DAEMON@mx.inbox.example.net") -> bytes:
    return _plain(
        sender,
        "failure notice",
        f"""\
        Hi. This is the qmail-send program at mx.inbox.example.net.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <{READER}>:
        {reason}

        --- Below this line is a copy of the message.

        {ORIGINAL}
        """.replace("\n        ", "\n"),
    )


def _away(subject: str, text: str, more: str, sender: str = f"Robin <{READER}>") -> bytes:
    return _plain(sender, subject, text, f"In-Reply-To: {MESSAGE_ID}\nReferences: {MESSAGE_ID}\n{more}")


SAMPLES = [
    # Postfix
    Sample(
        "postfix unknown user",
        Kind.HARD,
        _postfix(
            f"550 5.1.1 <{READER}>: Recipient address rejected: User unknown in virtual mailbox table",
            "5.1.1",
        ),
        "5.1.1",
    ),
    Sample(
        "postfix no such domain",
        Kind.HARD,
        _postfix(
            "550 5.1.2 Host or domain name not found. Name service error for name=inbox.example.net type=A: Host not found",
            "5.1.2",
        ),
        "5.1.2",
    ),
    Sample(
        "postfix DNS said so, code 5.4.4",
        Kind.HARD,
        _postfix(
            "X-Postfix; Host or domain name not found. Name service error for name=inbox.example.net type=AAAA: Host not found",
            "5.4.4",
        ),
        "5.4.4",
    ),
    Sample(
        "postfix quota",
        Kind.SOFT,
        _postfix(f"552 5.2.2 <{READER}>: Recipient address rejected: Mailbox is full", "5.2.2"),
        "5.2.2",
    ),
    Sample(
        "postfix gave up after five days",
        Kind.SOFT,
        _postfix(
            "X-Postfix; connect to mx.inbox.example.net[198.51.100.7]:25: Connection timed out", "4.4.1"
        ),
        "4.4.1",
    ),
    Sample(
        "postfix dovecot quota",
        Kind.SOFT,
        _postfix(f"452 4.2.2 <{READER}> Quota exceeded (mailbox for user is full)", "4.2.2"),
        "4.2.2",
    ),
    Sample(
        "postfix blocked by a list",
        Kind.REFUSED,
        _postfix(
            "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.7",
            "5.7.1",
        ),
        "5.7.1",
    ),
    Sample(
        "postfix code says nothing, words do",
        Kind.HARD,
        _postfix(
            f"550 <{READER}>: Recipient address rejected: unverified address: host said: 550 no such user",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "postfix delayed",
        Kind.NOTICE,
        _postfix(
            "450 4.2.1 try again later",
            "4.2.1",
            action="delayed",
            subject="Delayed Mail (still being retried)",
        ),
    ),
    Sample(
        "postfix delivered (NOTIFY=SUCCESS)",
        Kind.NOTICE,
        _postfix(
            "250 2.0.0 Ok: queued as 12345",
            "2.0.0",
            action="delivered",
            subject="Successful Mail Delivery Report",
        ),
    ),
    Sample(
        "postfix relayed",
        Kind.NOTICE,
        _postfix("250 2.1.5 Ok", "2.1.5", action="relayed", subject="Successful Mail Delivery Report"),
    ),
    Sample(
        "postfix message too large",
        Kind.SOFT,
        _postfix("552 5.3.4 Message size exceeds fixed limit", "5.3.4"),
        "5.3.4",
    ),
    # Exim
    Sample("exim unrouteable", Kind.SOFT, _exim("Unrouteable address")),
    Sample("exim all MX gone", Kind.HARD, _exim("all relevant MX records point to non-existent hosts")),
    Sample(
        "exim remote said unknown",
        Kind.HARD,
        _exim(
            "host mx.inbox.example.net [198.51.100.7]\n    SMTP error from remote mail server after RCPT TO:<robin@inbox.example.net>:\n    550 5.1.1 <robin@inbox.example.net>: User unknown"
        ),
        "5.1.1",
    ),
    Sample(
        "exim mailbox full",
        Kind.SOFT,
        _exim("mailbox is full (MTA-imposed quota exceeded while writing to tmp)"),
    ),
    Sample("exim retry time-out", Kind.SOFT, _exim("retry timeout exceeded")),
    Sample(
        "exim warning",
        Kind.NOTICE,
        _plain(
            "Mail Delivery System <Mailer-Daemon@mx.inbox.example.net>",
            "Warning: message 1tp4Xk-0001aB-2C delayed 24 hours",
            f"""\
        This message was created automatically by mail delivery software.
        A message that you sent has not yet been delivered to one or more of its
        recipients after more than 24 hours on the queue on mx.inbox.example.net.

        The address to which the message has not yet been delivered is:
          {READER}

        No action is required on your part. Delivery attempts will continue for
        some time, and this warning may be repeated at intervals.
        """,
            f"X-Failed-Recipients: {READER}\nAuto-Submitted: auto-replied\n",
        ),
    ),
    Sample(
        "exim 4.9 as a DSN",
        Kind.HARD,
        _dsn(
            "Mail Delivery System <Mailer-Daemon@mx.inbox.example.net>",
            "Mail delivery failed: returning message to sender",
            f"""\
        This message was created automatically by mail delivery software.
        The following address(es) failed:

          {READER}
            host mx.inbox.example.net [198.51.100.7]
            SMTP error from remote mail server after RCPT TO: 550-5.1.1 The email account does not exist.
        """,
            f"""\
        Reporting-MTA: dns; relay.example.org

        Action: failed
        Final-Recipient: rfc822;{READER}
        Status: 5.0.0
        Remote-MTA: dns; mx.inbox.example.net
        Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
        """,
            more=f"X-Failed-Recipients: {READER}\nAuto-Submitted: auto-replied\n",
        ),
        "5.1.1",
    ),
    # Sendmail
    Sample(
        "sendmail user unknown",
        Kind.HARD,
        _dsn(
            "Mail Delivery Subsystem <MAILER-DAEMON@mx.inbox.example.net>",
            "Returned mail: see transcript for details",
            f"""\
        The original message was received at Mon, 3 Mar 2025 07:00:02 GMT
        from relay.example.org [192.0.2.7]

           ----- The following addresses had permanent fatal errors -----
        <{READER}>
            (reason: 550 5.1.1 <{READER}>... User unknown)

           ----- Transcript of session follows -----
        ... while talking to mx.inbox.example.net.:
        >>> DATA
        <<< 550 5.1.1 <{READER}>... User unknown
        550 5.1.1 <{READER}>... User unknown
        """,
            f"""\
        Reporting-MTA: dns; mx.inbox.example.net
        Received-From-MTA: DNS; relay.example.org
        Arrival-Date: Mon, 3 Mar 2025 07:00:02 GMT

        Final-Recipient: RFC822; {READER}
        Action: failed
        Status: 5.1.1
        Remote-MTA: DNS; mx.inbox.example.net
        Diagnostic-Code: SMTP; 550 5.1.1 <{READER}>... User unknown
        Last-Attempt-Date: Mon, 3 Mar 2025 07:00:03 GMT
        """,
            more="Auto-Submitted: auto-generated (failure)\n",
        ),
        "5.1.1",
    ),
    Sample(
        "sendmail could not send for 4 hours",
        Kind.NOTICE,
        _dsn(
            "Mail Delivery Subsystem <MAILER-DAEMON@mx.inbox.example.net>",
            "Warning: could not send message for past 4 hours",
            """\
            **********************************************
            **      THIS IS A WARNING MESSAGE ONLY      **
            **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
            **********************************************
        """,
            f"""\
        Reporting-MTA: dns; mx.inbox.example.net

        Final-Recipient: RFC822; {READER}
        Action: delayed
        Status: 4.4.1
        Will-Retry-Until: Sat, 8 Mar 2025 07:00:02 GMT
        """,
            more="Auto-Submitted: auto-generated (warning-timeout)\n",
        ),
    ),
    Sample(
        "sendmail service unavailable",
        Kind.REFUSED,
        _dsn(
            "Mail Delivery Subsystem <MAILER-DAEMON@mx.inbox.example.net>",
            "Returned mail: see transcript for details",
            "554 5.0.0 Service unavailable",
            f"""\
        Reporting-MTA: dns; mx.inbox.example.net

        Final-Recipient: RFC822; {READER}
        Action: failed
        Status: 5.0.0
        Diagnostic-Code: SMTP; 554 Message rejected due to content restrictions: this looks like spam
        """,
        ),
        "5.0.0",
    ),
    Sample(
        "sendmail without MIME",
        Kind.HARD,
        _plain(
            "Mail Delivery Subsystem <MAILER-DAEMON@old.example.net>",
            "Returned mail: User unknown",
            f"""\
           ----- The following addresses had permanent fatal errors -----
        <{READER}>

           ----- Transcript of session follows -----
        550 <{READER}>... User unknown
        """,
        ),
    ),
    # qmail and what grew out of it
    Sample("qmail no mailbox", Kind.HARD, _qmail("Sorry, no mailbox here by that name. (#5.1.1)"), "5.1.1"),
    Sample(
        "qmail vpopmail",
        Kind.HARD,
        _qmail("This address no longer accepts mail. vpopmail: no such user here."),
    ),
    Sample("qmail over quota", Kind.SOFT, _qmail("user is over quota"), ""),
    Sample(
        "qmail tried for a week",
        Kind.SOFT,
        _qmail(
            "CNAME lookup failed temporarily. (#4.4.3)\nI'm not going to try again; this message has been in the queue too long."
        ),
        "4.4.3",
    ),
    Sample(
        "qmail remote refused",
        Kind.REFUSED,
        _qmail(
            "198.51.100.7 does not like recipient.\nRemote host said: 554 5.7.1 Message blocked due to spam content\nGiving up on 198.51.100.7."
        ),
        "5.7.1",
    ),
    Sample(
        "qmail whole host unknown",
        Kind.HARD,
        _qmail("Sorry, I couldn't find any host named inbox.example.net. (#5.1.2)"),
        "5.1.2",
    ),
    # Microsoft
    Sample(
        "Exchange Online no such recipient",
        Kind.HARD,
        _exchange(
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            "Your message couldn't be delivered. The address wasn't found at corp.example.net.",
        ),
        "5.1.10",
    ),
    Sample(
        "Exchange Online directory blocking",
        Kind.HARD,
        _exchange(
            "550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [AM0PR04MB1.eurprd04.prod.outlook.com]",
            "The recipient's email provider rejected your message.",
        ),
        "5.4.1",
    ),
    Sample(
        "Exchange mailbox full",
        Kind.SOFT,
        _exchange(
            "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded",
            "The recipient's mailbox is full and can't accept messages now.",
        ),
        "5.2.2",
    ),
    Sample(
        "Exchange restricted",
        Kind.REFUSED,
        _exchange(
            "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required",
            "Only people in the organisation can send to this group.",
        ),
        "5.7.133",
    ),
    Sample(
        "Exchange transport rule",
        Kind.REFUSED,
        _exchange(
            "550 5.7.1 TRANSPORT.RULES.RejectMessage; the message was rejected by organization policy",
            "Your message was blocked by a rule.",
        ),
        "5.7.1",
    ),
    Sample(
        "Exchange loop",
        Kind.SOFT,
        _exchange(
            "554 5.4.14 Hop count exceeded - possible mail loop",
            "There is a problem with the recipient's domain.",
        ),
        "5.4.14",
    ),
    Sample(
        "Outlook.com mailbox unavailable",
        Kind.SOFT,
        _postfix(
            "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [VE1EUR01FT0.eop-EUR01.prod.protection.outlook.com]",
            "5.5.0",
        ),
        "5.5.0",
    ),
    Sample(
        "Outlook.com block list",
        Kind.REFUSED,
        _postfix(
            "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).",
            "5.7.1",
        ),
        "5.7.1",
    ),
    Sample(
        "Outlook.com throttled until it gave up",
        Kind.REFUSED,
        _postfix(
            "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation.",
            "4.7.650",
        ),
        "4.7.650",
    ),
    Sample(
        "Hotmail of old",
        Kind.HARD,
        _plain(
            "postmaster@hotmail.example",
            "Delivery Status Notification (Failure)",
            f"""\
        This is an automatically generated Delivery Status Notification.

        Delivery to the following recipients failed.

               {READER}

        550 Requested action not taken: user not found
        """,
        ),
    ),
    Sample(
        "Exchange 5.5 non-delivery",
        Kind.HARD,
        _plain(
            "System Administrator <postmaster@corp.example.net>",
            "Undeliverable: 1/3: Start small",
            f"""\
        Your message

          To:      Robin
          Subject: 1/3: Start small
          Sent:    Mon, 3 Mar 2025 07:00:00 -0000

        did not reach the following recipient(s):

        {READER} on Mon, 3 Mar 2025 07:00:03 -0000
            The recipient name is not recognized: unknown user
        """,
        ),
    ),
    # Gmail
    Sample(
        "Gmail no such user",
        Kind.HARD,
        _gmail(
            "550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the recipient's email address",
            "5.1.1",
            f"Address not found ** Your message wasn't delivered to {READER} because the address couldn't be found",
        ),
        "5.1.1",
    ),
    Sample(
        "Gmail over quota",
        Kind.SOFT,
        _gmail(
            "552-5.2.2 The email account that you tried to reach is over quota and inactive.",
            "5.2.2",
            "Message not delivered",
        ),
        "5.2.2",
    ),
    Sample(
        "Gmail disabled account",
        Kind.HARD,
        _gmail(
            "550 5.2.1 The email account that you tried to reach is disabled.",
            "5.2.1",
            "Message not delivered",
        ),
        "5.2.1",
    ),
    Sample(
        "Gmail receives too fast",
        Kind.SOFT,
        _gmail(
            "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages",
            "4.2.1",
            "Message not delivered",
        ),
        "4.2.1",
    ),
    Sample(
        "Gmail unauthenticated",
        Kind.REFUSED,
        _gmail(
            "550-5.7.26 This message does not pass authentication checks (SPF and DKIM both do not pass).",
            "5.7.26",
            "Message blocked",
        ),
        "5.7.26",
    ),
    Sample(
        "Gmail unsolicited",
        Kind.REFUSED,
        _gmail(
            "421-4.7.0 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
            "4.7.0",
            "Message not delivered",
        ),
        "4.7.0",
    ),
    # Yahoo, AOL
    Sample(
        "Yahoo no such account",
        Kind.HARD,
        _postfix(
            "554 delivery error: dd This user doesn't have a yahoo.com account (robin@yahoo.example) [0] - mta1.mail.bf1.yahoo.com",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "Yahoo of old",
        Kind.HARD,
        _plain(
            "MAILER-DAEMON@yahoo.com",
            "failure delivery",
            f"""\
        Message from  yahoo.com.
        Unable to deliver message to the following address(es).

        <{READER}>:
        This user doesn't have a yahoo.com account (robin@yahoo.com) [0]

        --- Original message follows.

        {ORIGINAL}
        """.replace("\n        ", "\n"),
        ),
    ),
    Sample(
        "Yahoo disabled",
        Kind.HARD,
        _postfix(
            "554 delivery error: dd Sorry your message to robin@yahoo.example cannot be delivered. This account has been disabled or discontinued [#102].",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "Yahoo defers for complaints",
        Kind.REFUSED,
        _postfix(
            "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to user complaints - 4.16.55.1",
            "4.7.0",
        ),
        "4.7.0",
    ),
    Sample(
        "Yahoo over quota",
        Kind.SOFT,
        _postfix(
            "552 1 Requested mail action aborted, mailbox not found or over quota: mailbox is full", "5.0.0"
        ),
        "5.0.0",
    ),
    Sample(
        "AOL mailbox disabled",
        Kind.HARD,
        _postfix("550 5.2.1 THIS MAILBOX HAS BEEN DISABLED: account disabled", "5.2.1"),
        "5.2.1",
    ),
    # Other large providers
    Sample(
        "GMX unknown",
        Kind.HARD,
        _postfix("550 Requested action not taken: mailbox unavailable; user unknown", "5.0.0"),
        "5.0.0",
    ),
    Sample(
        "GMX unavailable for any reason",
        Kind.SOFT,
        _postfix(
            "550-Requested action not taken: mailbox unavailable 550 For explanation visit https://postmaster.gmx.example/",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "GMX policy",
        Kind.REFUSED,
        _postfix(
            "554-Transaction failed 554-Reject due to policy restrictions. For explanation visit https://postmaster.gmx.example/, mail rejected for policy reasons",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "T-Online no such user",
        Kind.HARD,
        _postfix("550 5.1.1 Benutzer unbekannt / user unknown (TOI-4)", "5.1.1"),
        "5.1.1",
    ),
    Sample(
        "T-Online IP refused",
        Kind.REFUSED,
        _postfix(
            "554 IP=192.0.2.7 - A problem occurred. Ask your postmaster for help or to contact tosa@rx.t-online.example. (BL): blocked by our block list",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "Web.de full, in German",
        Kind.SOFT,
        _plain(
            "Mailer-Daemon <mailer-daemon@web.example>",
            "Unzustellbar: 1/3: Start small",
            f"Ihre Nachricht konnte nicht zugestellt werden.\n{READER}: Das Postfach ist voll.",
        ),
    ),
    Sample(
        "Mail.ru no such user",
        Kind.HARD,
        _postfix(
            "550 Message was not accepted -- invalid mailbox. Local mailbox robin@mail.ru.example is unavailable: user not found",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "Mail.ru full",
        Kind.SOFT,
        _postfix(
            "550 Message was not accepted -- mailbox is full. Local mailbox is unavailable: mailbox is full",
            "5.0.0",
        ),
        "5.0.0",
    ),
    Sample(
        "Mail.ru spam",
        Kind.REFUSED,
        _postfix(
            "550 spam message rejected. Please visit https://help.mail.ru.example/notspam-support", "5.0.0"
        ),
        "5.0.0",
    ),
    Sample("Yandex no such user", Kind.HARD, _postfix("550 5.1.1 No such user!", "5.1.1"), "5.1.1"),
    Sample(
        "Comcast unknown", Kind.HARD, _postfix("550 5.1.1 Not our Customer [AUP#In-1310]", "5.1.1"), "5.1.1"
    ),
    Sample(
        "Comcast throttled",
        Kind.REFUSED,
        _postfix(
            "421 4.1.0 192.0.2.7 Throttled - try again later. Please see https://postmaster.comcast.example BL000001",
            "4.7.1",
        ),
        "4.7.1",
    ),
    Sample(
        "Orange unknown, in French",
        Kind.HARD,
        _postfix(
            "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416", "5.1.1"
        ),
        "5.1.1",
    ),
    Sample(
        "iCloud over quota",
        Kind.SOFT,
        _postfix("552 5.2.2 <robin@icloud.example>: user is over quota", "5.2.2"),
        "5.2.2",
    ),
    Sample(
        "Proton unknown",
        Kind.HARD,
        _postfix(
            "550 5.1.1 <robin@proton.example>: Recipient address rejected: Address does not exist", "5.1.1"
        ),
        "5.1.1",
    ),
    Sample(
        "QQ no such user",
        Kind.HARD,
        _postfix("550 Mailbox not found. http://service.mail.qq.example/", "5.0.0"),
        "5.0.0",
    ),
    Sample(
        "NetEase in Chinese",
        Kind.HARD,
        _plain(
            "Postmaster <postmaster@163.example>",
            "系统退信",
            f"抱歉，您的邮件被退回来了。\n收件人邮件地址（{READER}）不存在，邮件无法送达。",
        ),
    ),
    Sample(
        "OpenSMTPD",
        Kind.HARD,
        _dsn(
            "Mailer Daemon <MAILER-DAEMON@mx.inbox.example.net>",
            "Delivery status notification: error",
            "    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.",
            f"""\
        Reporting-MTA: dns; mx.inbox.example.net

        Final-Recipient: rfc822; {READER}
        Action: error
        Status: 5.0.0
        Diagnostic-Code: smtp; 550 Invalid recipient: {READER}
        """,
        ),
        "5.0.0",
    ),
    Sample(
        "Lotus Domino",
        Kind.HARD,
        _dsn(
            "Postmaster@corp.example.net",
            "DELIVERY FAILURE: User Robin (robin@inbox.example.net) not listed in Domino Directory",
            "User Robin not listed in Domino Directory",
            f"""\
        Reporting-MTA: dns;domino.corp.example.net

        Final-Recipient: rfc822;{READER}
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: X-Notes; User Robin (robin@inbox.example.net) not listed in Domino Directory
        """,
        ),
        "5.1.1",
    ),
    Sample(
        "GroupWise",
        Kind.HARD,
        _plain(
            "Mailer-Daemon@corp.example.net",
            "Message status - undeliverable",
            f"""\
        The attached file had the following undeliverable recipient(s):
            {READER}

        Transcript of session follows:
            550 user unknown
        """,
        ),
    ),
    Sample(
        "MDaemon",
        Kind.HARD,
        _plain(
            "MDaemon <MDaemon@corp.example.net>",
            "robin@inbox.example.net - User unknown!",
            f"""\
        The attached message could not be delivered to the following recipient:

            {READER}: User unknown.
        """,
        ),
    ),
    Sample(
        "MailEnable",
        Kind.HARD,
        _plain(
            "Postmaster <postmaster@corp.example.net>",
            "Message Delivery Failure",
            f"""\
        Message could not be delivered to some recipients.
        The following recipient(s) could not be reached:

            Recipient: [SMTP:{READER}]
            Reason: Remote SMTP Server Returned: 550 no such user here

        Message headers follow:
        """,
        ),
    ),
    Sample(
        "a gateway that only flufl.bounce knows",
        Kind.HARD,
        _plain(
            "Gateway <gate@corp.example.net>",
            "Mail status",
            f"""\
        Some of your mail went nowhere, here is your list of failed recipients:

        <{READER}> user unknown

        here is your returned mail:
        """,
        ),
    ),
    Sample(
        "the same without a reason",
        Kind.SOFT,
        _plain(
            "Gateway <gate@corp.example.net>",
            "Mail status",
            f"""\
        here is your list of failed recipients:

        <{READER}>

        here is your returned mail:
        """,
        ),
    ),
    Sample(
        "an alias of two, one of them gone",
        Kind.NOTICE,
        _dsn(
            "MAILER-DAEMON@relay.example.org",
            "Undelivered Mail Returned to Sender",
            "one of two",
            """\
        Reporting-MTA: dns; relay.example.org

        Final-Recipient: rfc822; one@inbox.example.net
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 User unknown

        Final-Recipient: rfc822; two@inbox.example.net
        Action: relayed
        Status: 2.0.0
        """,
        ),
    ),
    Sample(
        "an alias of two, one gone and one full",
        Kind.SOFT,
        _dsn(
            "MAILER-DAEMON@relay.example.org",
            "Undelivered Mail Returned to Sender",
            "both",
            """\
        Reporting-MTA: dns; relay.example.org

        Final-Recipient: rfc822; one@inbox.example.net
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 User unknown

        Final-Recipient: rfc822; two@inbox.example.net
        Action: failed
        Status: 5.2.2
        Diagnostic-Code: smtp; 552 5.2.2 mailbox full
        """,
        ),
        "5.2.2",
    ),
    Sample(
        "headers only are given back",
        Kind.HARD,
        _dsn(
            "MAILER-DAEMON@relay.example.org",
            "Undelivered Mail Returned to Sender",
            "x",
            f"""\
        Reporting-MTA: dns; relay.example.org

        Final-Recipient: rfc822; {READER}
        Action: failed
        Status: 5.1.1
        """,
            returned="text/rfc822-headers",
        ),
        "5.1.1",
    ),
    Sample(
        "internationalised DSN (RFC 6533)",
        Kind.HARD,
        _dsn(
            "MAILER-DAEMON@relay.example.org",
            "Undelivered Mail Returned to Sender",
            "x",
            """\
        Reporting-MTA: dns; relay.example.org

        Final-Recipient: utf-8; röbin@inbox.example.net
        Action: failed
        Status: 5.1.1
        Diagnostic-Code: smtp; 550 5.1.1 Empfänger unbekannt
        """,
            status_type="message/global-delivery-status",
            returned="message/global-headers",
        ),
        "5.1.1",
    ),
    # Feedback loops
    Sample(
        "AOL feedback",
        Kind.COMPLAINT,
        _arf(
            "abuse",
            "Received-Date: Mon, 3 Mar 2025 02:00:00 EST (-0500)\nSource-IP: 192.0.2.7\nReported-Domain: letters.example.org\nRedacted-Address: redacted\nRedacted-Address: redacted@",
            sender="scomp@aol.net",
            agent="AOL SComp",
        ),
    ),
    Sample(
        "Yahoo feedback, address blanked out",
        Kind.COMPLAINT,
        _arf(
            "abuse",
            f"Original-Mail-From: <{RETURN_PATH}>\nArrival-Date: Mon, 03 Mar 2025 07:00:05 +0000\nReported-Domain: letters.example.org",
            sender="Yahoo! Mail AntiSpam Feedback <feedback@arf.mail.yahoo.com>",
            agent="Yahoo!-Mail-Feedback/2.0",
        ),
    ),
    Sample(
        "Outlook.com JMRP",
        Kind.COMPLAINT,
        _arf(
            "abuse",
            f"Original-Rcpt-To: {READER}",
            sender="staff@hotmail.com",
            original=f"X-HmXmrOriginalRecipient: {READER}\n{ORIGINAL}",
        ),
    ),
    Sample(
        "Comcast feedback",
        Kind.COMPLAINT,
        _arf(
            "abuse",
            f"Original-Mail-From: {RETURN_PATH}\nOriginal-Rcpt-To: {READER}\nSource-IP: 192.0.2.7",
            sender="feedback@fbl.comcast.example",
            agent="ReturnPathFBL/1.0",
        ),
    ),
    Sample(
        "feedback: fraud",
        Kind.COMPLAINT,
        _arf("fraud", f"Original-Rcpt-To: {READER}", sender="feedback@mail.example"),
    ),
    Sample(
        "feedback: opt-out",
        Kind.UNSUBSCRIBE,
        _arf("opt-out", f"Original-Rcpt-To: {READER}", sender="feedback@mail.example"),
    ),
    Sample(
        "feedback: not spam (RFC 6430)",
        Kind.NOTICE,
        _arf("not-spam", f"Original-Rcpt-To: {READER}", sender="feedback@mail.example"),
    ),
    Sample(
        "DMARC failure report (RFC 6591)",
        Kind.NOTICE,
        _arf(
            "auth-failure",
            f"Auth-Failure: dmarc\nOriginal-Rcpt-To: {READER}",
            sender="noreply-dmarc@mail.example",
        ),
    ),
    Sample(
        "feedback: other",
        Kind.NOTICE,
        _arf("other", f"Original-Rcpt-To: {READER}", sender="feedback@mail.example"),
    ),
    # What harms nobody
    Sample(
        "vacation (RFC 3834)",
        Kind.NOTICE,
        _away(
            "Re: 1/3: Start small",
            "I am away until Monday. For urgent matters call the office.",
            "Auto-Submitted: auto-replied (vacation)\nPrecedence: bulk\n",
        ),
    ),
    Sample(
        "Gmail vacation",
        Kind.NOTICE,
        _away(
            "Away Re: 1/3: Start small",
            "I no longer check this mailbox daily.",
            "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Autoreply: yes\n",
        ),
    ),
    Sample(
        "Exchange out of office",
        Kind.NOTICE,
        _away(
            "Automatic reply: 1/3: Start small",
            "I am out of the office. Messages to unknown users will be lost.",
            "X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n",
        ),
    ),
    Sample(
        "holiday reply in German without a mark",
        Kind.NOTICE,
        _away(
            "Abwesenheitsnotiz: 1/3: Start small", "Ich bin im Urlaub. Mein Konto ist nicht deaktiviert.", ""
        ),
    ),
    Sample(
        "left the company, says an automatic reply",
        Kind.NOTICE,
        _away(
            "Automatic reply: 1/3: Start small",
            "Robin no longer works here. This account has been disabled.",
            "Auto-Submitted: auto-replied\n",
        ),
    ),
    Sample(
        "challenge and response",
        Kind.NOTICE,
        _away(
            "Please confirm your message",
            "To deliver your mail press this link.",
            "Auto-Submitted: auto-replied\n",
        ),
    ),
    Sample(
        "a reader's own words",
        Kind.NOTICE,
        _away(
            "Re: 1/3: Start small",
            "Thanks! My friend's address is unknown to you: user unknown, mailbox full. Delivery failed? No!",
            "",
        ),
    ),
    Sample(
        "read receipt (RFC 8098)",
        Kind.NOTICE,
        _dsn(
            f"Robin <{READER}>",
            "Read: 1/3: Start small",
            "Your message was displayed.",
            f"""\
        Reporting-UA: mail.example; Mailer 3.0
        Final-Recipient: rfc822;{READER}
        Original-Message-ID: {MESSAGE_ID}
        Disposition: manual-action/MDN-sent-manually; displayed
        """,
            status_type="message/disposition-notification",
        ).replace(b"report-type=delivery-status", b"report-type=disposition-notification"),
    ),
    Sample(
        "a newsletter that somebody signed the address up for",
        Kind.NOTICE,
        _plain(
            "Shop <news@shop.example>",
            "20 % off!",
            "Buy now. Delivery is free.",
            "List-Id: <news.shop.example>\n",
        ),
    ),
]
