"""What a digest would send now, with what is typed: read from the feed itself, and nothing kept of it."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.digests import entries, fetching, making, setting_up, writing
from campaigns.digests.setting_up import Wishes
from campaigns.newsletters.drafting import find_newsletter
from campaigns.reading.fetching import Fetcher
from courseletter.database import Database
from courseletter.errors import InvalidInput
from sender.newsletters.digesting import dated_for


@dataclass(frozen=True, slots=True)
class Preview:
    """An issue that is not there. `new`: so many of the feed's entries are to go out, `shown` of them with
    this one. Where none is, it is how the newest ones would look.
    """

    subject: str
    body: str
    shown: int
    new: int

    @property
    def sentence(self) -> str:
        if not self.new:
            return "Nothing would go out now: all of it was there before. So the newest would look."
        told = "1 entry would go out now." if self.shown == 1 else f"{self.shown} entries would go out now."
        waiting = self.new - self.shown
        waits = "waits" if waiting == 1 else "wait"
        return f"{told} {waiting} more {waits} for the next issue." if waiting else told


def preview(
    database: Database, fetcher: Fetcher, newsletter_id: str, wishes: Wishes, first: int, now: datetime
) -> Preview:
    """`first` counts where the feed begins anew, as in setting_up. Raises InvalidInput, NotFound."""
    wishes.check()
    found = fetching.look_anew(fetcher, wishes.url)
    if not found.posts:
        raise InvalidInput("The feed has no entries yet. They go out when they come.", field="url")
    with database.read() as session:
        newsletter = find_newsletter(session, newsletter_id)
        new = making.fresh(session, newsletter.id, found.posts)
        if setting_up.begins_anew(session, newsletter, wishes.url):
            new = new[:first]
    chosen = (new or entries.fresh(found.posts, ()))[: wishes.most]
    dated = dated_for(newsletter, wishes.rhythm.zone)
    return Preview(
        writing.subject(wishes.subject, chosen, now, dated),
        writing.body(chosen, wishes.introduction, now, dated, pictures=wishes.pictures),
        len(chosen) if new else 0,
        len(new),
    )
