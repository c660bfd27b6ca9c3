"""A mail for tests, by its fields: written as the product does, from a lesson made for it alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sender.dkim import DkimKey
from sender.message import Letterhead, PreparedMail, Stamp
from templates.compiled import CompiledLesson
from templates.slots import literally

NOW = datetime(2025, 3, 3, 7, 0, tzinfo=UTC)


@dataclass(frozen=True)
class OneMail:
    """`varying`: the body comes from the reader's context instead of the lesson's own words."""

    from_name: str = "The Garden Letter"
    from_address: str = "letters@example.org"
    to_name: str = "Robin Reader"
    to_address: str = "robin@example.net"
    subject: str = "Lesson 1: Why soil matters"
    html: str = "<p>Soil is <b>alive</b>.</p>"
    text: str = "Soil is alive.\n"
    message_id: str = "<abcdefgh@example.org>"
    date: datetime = NOW
    list_id: str | None = "course-7.example.org"
    list_name: str = "Garden course"
    unsubscribe_url: str = "https://example.org/u/" + "t" * 43
    unsubscribe_mailto: str = "b+7-xyz@bounces.example.org?subject=unsubscribe"
    reply_to: str | None = "help@example.org"
    auto_submitted: bool = False
    language: str | None = "en"
    varying: bool = False

    def write(self, keys: Sequence[DkimKey] = ()) -> bytes:
        return self.prepared(keys).write(
            {"subject": self.subject, "html": self.html, "text": self.text},
            Stamp(
                self.to_name,
                self.to_address,
                self.message_id,
                date=self.date,
                signed_at=NOW,
                unsubscribe_url=self.unsubscribe_url,
                unsubscribe_mailto=self.unsubscribe_mailto,
            ),
        )

    def prepared(self, keys: Sequence[DkimKey] = ()) -> PreparedMail:
        if self.varying:
            compiled = CompiledLesson("one", "{{ subject }}", "", "{{ html | safe }}", "{{ text }}")
        else:
            compiled = CompiledLesson(
                "one", "{{ subject }}", "", html=literally(self.html), text=literally(self.text)
            )
        letterhead = Letterhead(
            self.from_name,
            self.from_address,
            reply_to=self.reply_to,
            list_id=self.list_id,
            list_name=self.list_name,
            auto_submitted=self.auto_submitted,
            language=self.language,
        )
        return PreparedMail(compiled, letterhead, keys)
