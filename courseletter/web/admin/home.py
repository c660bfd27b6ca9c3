"""Home: problems first, three numbers, and what leaves in the next 24 hours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from campaigns import counting
from campaigns.brands import FIRST
from campaigns.counting import Crowd
from campaigns.digests import setting_up
from campaigns.models import Course
from campaigns.newsletters import drafting, scheduling
from campaigns.newsletters.models import IssueState
from campaigns.rhythm import MONTHS
from campaigns.slots import instant
from courseletter.installation import still_to_set
from courseletter.web.admin import bars
from courseletter.web.admin.access import Marketer, MarketerWrites
from courseletter.web.admin.issue_words import when_of
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.moments import day_month, place
from courseletter.web.site import READ, Here
from courseletter.zones import zone_of
from sender import pausing
from sender.outlook import Leaving, Outlook, outlook
from sender.troubles import Troubles, delivered, troubles

router = APIRouter()

AHEAD: Final = timedelta(hours=24)
ROWS: Final = 12
DAY: Final = timedelta(days=1)
_COURSES: Final = (
    select(Course)
    .where(Course.kind == "course")
    .options(load_only(Course.title, Course.revision_id, Course.paused_at, Course.paused_why))
)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person: what is so, what it does, and the one act."""

    level: str  # bad | warn
    title: str
    text: str
    act: str = ""
    path: str = ""
    command: str = ""  # what to run on the server, where no page does it
    is_post: bool = False  # the act changes something


@dataclass(frozen=True, slots=True)
class Quarter:
    """Three months of a calendar, as moments."""

    start: datetime
    end: datetime
    name: str  # July to September


@router.api_route("/", methods=READ)
def show_home(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    now, zone = opened.clock.now(), zone_of(opened.settings.timezone)
    with opened.database.read() as session:
        courses = session.scalars(_COURSES).all()
        coming = outlook(session, now, now + AHEAD)
        issues = scheduling.going_out(session, now + AHEAD)
        needs = [
            *_needs(troubles(session, now), zone),
            *_resting(session, courses),
            *_held_issues(session),
            *_digests(session),
        ]
        context: dict[str, Any] = {
            "first_start": not courses and not drafting.newsletters(session),
            "to_set": still_to_set(opened.settings, opened.brands.find(session, FIRST).address),
            "needs": needs,
            "published": any(one.revision_id for one in courses),
            "running": any(one.revision_id and one.paused_at is None for one in courses),
            "numbers": _numbers(session, now, zone),
            "issues": [(when_of(one, zone), one) for one in issues],
            # What an issue that is going out has left stands in the queue already.
            "leave": coming.total + sum(one.people for one in issues if one.state == IssueState.SCHEDULED),
            **_coming(coming, now, zone),
        }
    return show(
        request,
        site,
        visitor,
        "home.html",
        place="home",
        now=now.astimezone(zone),
        city=place(zone.key),
        **context,
    )


@router.post("/pause")
def pause_everything(visitor: MarketerWrites, site: Here) -> Response:
    stopped = pausing.pause_everything(site.installation.database, site.installation.clock.now())
    what = f"{stopped} {'course is' if stopped == 1 else 'courses are'} paused"
    told = f"{what}. Nobody loses their place." if stopped else "No course was running."
    return lead_to(site, "/", Note(told, Undo("/resume", {}) if stopped else None))


@router.post("/resume")
def resume_everything(visitor: MarketerWrites, site: Here) -> Response:
    going = pausing.resume_everything(site.installation.database, site.installation.clock.now())
    what = f"{going} {'course goes' if going == 1 else 'courses go'} on"
    return lead_to(site, "/", Note(f"{what}. Whoever waited gets the next lesson on their next day."))


def _needs(found: Troubles, zone: ZoneInfo) -> Iterator[Need]:
    if found.held:
        yield Need(
            "bad",
            "No mail is sent",
            f"{_sentence(found.held)} What waits goes out by each course’s rules, never all at once. Look "
            "whether this is the right database, then run on the server:",
            command="courseletter db release",
        )
    if found.unbelieved:
        worst = found.unbelieved[0]
        yield Need(
            "bad" if found.blocked else "warn",
            "No mail is sent: providers would not believe it"
            if found.blocked
            else "Mail providers may not believe your mail",
            f"{_sentence(worst.said)} What to publish or set, on the server:",
            command="courseletter doctor",
        )
    if found.overdue:
        since = found.overdue.astimezone(zone)
        yield Need(
            "bad",
            "Mail that is due does not leave",
            f"The first of it was due on {since:%d %B at %H:%M}. Either a relay’s limit holds it, or "
            "nothing sends: then see that a worker runs, and what its log says. The relays, on the server:",
            command="courseletter relay list",
        )
    if found.in_doubt:
        yield Need(
            "bad",
            f"{_messages(found.in_doubt)} may have arrived, or not",
            "The connection broke before the answer. By the settings they are tried once more, or wait for "
            "you.",
            "See them",
            "/deliveries?show=in-doubt",
        )
    if found.failed:
        yield Need(
            "warn",
            f"{_messages(found.failed)} failed since yesterday",
            f"{_sentence(found.failed_reply)} Who has no mailbox any more gets nothing further; nobody else "
            "is touched.",
            "See which",
            "/deliveries?show=failed",
        )
    if found.waiting:
        next_try = found.waiting.next_try.astimezone(zone)
        yield Need(
            "warn",
            f"{_messages(found.waiting.count)} wait for another try",
            f"{_sentence(found.waiting.reply)} We try again at {next_try:%H:%M}. Nothing is lost, and "
            "you need not act unless this lasts for hours.",
            "See which",
            "/deliveries?show=waiting",
        )


def _resting(session: Session, courses: Sequence[Course]) -> Iterator[Need]:
    """Courses on pause that people wait in; those that were paused all at once as one."""
    together = [course for course in courses if course.paused_why == pausing.EVERYTHING]
    if together:
        number = len(together)
        yield Need(
            "warn",
            f"Everything was paused: {number} {'course waits' if number == 1 else 'courses wait'}",
            "Nobody loses their place, and who signs up is still asked to confirm.",
            "Go on with everything",
            "/resume",
            is_post=True,
        )
    for course in courses:
        if course.paused_at is None or course in together:
            continue
        people = counting.crowd_of(session, course.id).under_way
        if people:
            yield Need(
                "warn",
                f"“{course.title}” is paused: {people:,} {'person waits' if people == 1 else 'people wait'}",
                "Nobody loses their place. When it goes on, each gets the next lesson on their next day.",
                "Open the course",
                f"/courses/{course.id}",
            )


def _held_issues(session: Session) -> Iterator[Need]:
    """Issues of newsletters that something has stopped; what a person paused is theirs."""
    for issue in scheduling.held(session):
        yield Need(
            "warn",
            f"“{issue.lesson.title}” has stopped going out",
            f"{_sentence(issue.why)} Who has not got it yet waits.",
            "Open the issue",
            f"/issues/{issue.lesson_id}",
        )


def _digests(session: Session) -> Iterator[Need]:
    """Digests whose feed cannot be read, or whose issue waits."""
    for digest in setting_up.in_trouble(session):
        again = " It is tried again by itself." if digest.failures else ""
        yield Need(
            "warn",
            f"The digest of “{digest.newsletter.title}” needs a look",
            f"{digest.problem}{again}",
            "Open the digest",
            f"/newsletters/{digest.newsletter_id}/digest",
        )


def _numbers(session: Session, now: datetime, zone: ZoneInfo) -> list[tuple[str, str, str]]:
    crowd = counting.everybody(session)
    today = now.astimezone(zone).date()
    midnight = instant(today, 0, zone)
    joined = counting.joined_between(session, instant(today - DAY, 0, zone), midnight)
    sent = delivered(session, now - 7 * DAY, now)
    return [
        (
            "On a course now",
            f"{crowd.under_way:,}",
            f"{_count(crowd.paused, 'None')} of them paused. {_count(joined, 'Nobody')} joined yesterday.",
        ),
        _finishing(session, crowd, today, zone),
        (
            "Delivered, last 7 days",
            f"{sent.share:.1%}".replace("100.0%", "100%") if sent.ended else "–",
            _arrived(sent.accepted, sent.ended) if sent.ended else "Nothing was sent in these days.",
        ),
    ]


def _finishing(session: Session, crowd: Crowd, today: date, zone: ZoneInfo) -> tuple[str, str, str]:
    """Of the last whole quarter; before there is one, of everybody so far."""
    title = "Finish what they start"
    last = _quarter(today, 1, zone)
    found = counting.finishing(session, last.start, last.end)
    if found.joined:
        earlier = _quarter(today, 2, zone)
        before = counting.finishing(session, earlier.start, earlier.end)
        then = f" {before.share:.0%} the quarter before." if before.joined else ""
        return title, f"{found.share:.0%}", f"of the {found.joined:,} who joined in {last.name}.{then}"
    found = counting.finishing_since(session, last.end, crowd)
    if found.joined:
        since = day_month(last.end.astimezone(zone))
        return title, f"{found.share:.0%}", f"of the {found.joined:,} who joined since {since}."
    return title, "–", "Nobody has joined in these months."


def _coming(coming: Outlook, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    rows, more = coming.rows[:ROWS], coming.rows[ROWS:]
    hours = bars.by_hour([(now, coming.queued), *coming.moments], now, zone)
    return {
        "leaving": coming,
        "rows": [(_when(one, now, zone), one) for one in rows],
        "more": (len(more), sum(one.people for one in more)),
        "wide": bars.drawing(hours, width=976, label_every=3),
        "slim": bars.drawing(hours[:12], width=360, label_every=3),
    }


def _when(one: Leaving, now: datetime, zone: ZoneInfo) -> str:
    first, last = one.first.astimezone(zone), one.last.astimezone(zone)
    if one.first <= now:
        return "now"
    return f"{first:%H:%M}" if first == last else f"{first:%H:%M} to {last:%H:%M}"


def _quarter(today: date, ago: int, zone: ZoneInfo) -> Quarter:
    """The whole quarter that ended `ago` quarters before this one began: 1 is the last."""
    number = today.year * 4 + (today.month - 1) // 3 - ago
    first = date(number // 4, number % 4 * 3 + 1, 1)
    after = date((number + 1) // 4, (number + 1) % 4 * 3 + 1, 1)
    name = f"{MONTHS[first.month - 1]} to {MONTHS[first.month + 1]}"
    return Quarter(instant(first, 0, zone), instant(after, 0, zone), name)


def _arrived(accepted: int, ended: int) -> str:
    lost = ended - accepted
    rest = f" {lost:,} did not arrive." if lost else ""
    return f"{accepted:,} of {ended:,} {'message' if ended == 1 else 'messages'}.{rest}"


def _count(number: int, none: str) -> str:
    return f"{number:,}" if number else none


def _messages(count: int) -> str:
    return f"{count:,} {'message' if count == 1 else 'messages'}"


def _sentence(text: str) -> str:
    """What a relay or a check said, as a sentence of ours."""
    text = " ".join(text.split()).rstrip(".")
    return f"{text[:1].upper()}{text[1:200]}." if text else ""
