"""Acts upon many: whom and with what, how far they are, what was done before, and undoing it."""

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.datastructures import QueryParams
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from campaigns.models import Course
from courseletter.accounts.models import Role
from courseletter.acts import KINDS, chosen, set_out
from courseletter.errors import InvalidInput
from courseletter.web.admin.access import Forbidden, Marketer, MarketerWrites, Visitor
from courseletter.web.admin.exports import people_file
from courseletter.web.admin.fields import KINDS as FIELD_KINDS
from courseletter.web.admin.forms import Form, Posted
from courseletter.web.admin.listing import choices_of, columns_of, in_words, listed
from courseletter.web.admin.shell import Note, Undo, lead_to, show
from courseletter.web.admin.subscribers import is_number
from courseletter.web.site import READ, Here, Site
from sender import triggers
from subscribers.acts import running
from subscribers.acts.models import ActState, BulkAct
from subscribers.acts.running import BUSY, DONE, Selection
from subscribers.exporting.forms import Form as FileForm
from subscribers.exporting.layouts import LAYOUTS
from subscribers.filters import Filters
from subscribers.listing import counted
from subscribers.models import MailingList, Subscriber
from subscribers.names import fold

router = APIRouter()

PAST: Final = 50  # acts listed
NAMED: Final = 3  # people named before one acts
EXPORT: Final = "export"


@dataclass(frozen=True, slots=True)
class Words:
    """What an act is called: on its page and button, once it is done, and what it means for people."""

    title: str  # with {people} in it
    done: str  # likewise, and with its arguments
    meaning: str
    asks: tuple[str, ...] = ()
    role: Role = Role.ADMIN


WORDS: Final = {
    "tag": Words("Tag {people}", "{people} got the tag “{tag}”", "", ("tag",), Role.MARKETER),
    "untag": Words("Take a tag off {people}", "{people} lost the tag “{tag}”", "", ("tag",), Role.MARKETER),
    "enrol": Words(
        "Enrol {people} in a course",
        "{people} are enrolled",
        "Who is on the course’s list gets it from the welcome on. Who is not, only if you say how they "
        "agreed. Who has left it, or is kept from mail, is left out.",
        ("course", "note"),
        Role.MARKETER,
    ),
    "join": Words(
        "Put {people} on a list",
        "{people} are on the list",
        "Who has left the list, or is kept from all mail, is left out, whatever they agreed to elsewhere.",
        ("list", "note"),
    ),
    "leave": Words(
        "Take {people} off a list",
        "{people} are off the list",
        "The courses of this list end for them; their places are kept.",
        ("list", "note"),
    ),
    "ask": Words(
        "Ask {people} to confirm",
        "{people} will be asked",
        "Who waits on its list gets one mail with a button, and nothing else before they press it. "
        "A thousand an hour; nobody who was asked before, nobody who is kept from mail.",
        ("course",),
    ),
    "unsubscribe": Words(
        "Unsubscribe {people} from everything",
        "{people} are unsubscribed",
        "They leave every list and course at once, and get no mail of any kind.",
        ("note",),
    ),
    "suppress": Words(
        "Keep {people} from all mail",
        "{people} are kept from mail",
        "They stay on their lists and get nothing. The suppression list wins over everything.",
        ("note",),
    ),
    "erase": Words(
        "Erase {people} for good",
        "{people} are erased",
        "All that is known of them goes: names, addresses, consent, what they clicked. Nothing brings it "
        "back. A mark that nobody can read an address from keeps them from being entered again.",
    ),
    EXPORT: Words("Export {people}", "{people} were exported", "", ("file",)),
}
# Begun on the page of a field (fields.py), and told of here.
OF_FIELDS: Final = {
    "rename field": Words(
        "Call “{field}” “{to}” for {people}", "“{field}” is called “{to}” for {people}", ""
    ),
    "retype field": Words("Read “{field}” as {kind} for {people}", "“{field}” is {kind} for {people}", ""),
}
ALL_WORDS: Final = {**WORDS, **OF_FIELDS}
_ARGUMENTS: Final = {
    "tag": "Tag",
    "list": "List",
    "course": "Course",
    "note": "In their words",
    "field": "Field",
    "to": "New name",
    "kind": "Kind",
    "was": "Kind before",
}
LEFT_OUT: Final = {
    "already": "it was so before",
    "suppressed": "kept from all mail",
    "left before": "they left by themselves",
    "not confirmed": "have not agreed, and nobody vouched for them",
    "not waiting": "do not wait on this list",
    "unreadable": "what they have was written since and is of another kind",
}


def people_in(many: int) -> str:
    return "one person" if many == 1 else f"{many:,} people"


@router.post("/subscribers/acts")
def choose(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    """From the list to the page that says whom an act would reach and asks what it needs."""
    return _ask(request, site, visitor, form)


@router.post("/subscribers/acts/start")
def start(visitor: MarketerWrites, form: Posted, site: Here, request: Request) -> Response:
    opened, key = site.installation, _kind(form, visitor)
    if key == EXPORT:
        return _export(request, site, visitor, form)
    kind, selection = KINDS[key], _selection(form)
    try:
        with opened.database.write() as session:
            now = opened.clock.now()
            wanted = chosen(session, selection, now)
            if key == "erase":
                _check_erasing(session, form, wanted)
            argument = kind.check(session, form.texts())
            said, by = _said(session, form), visitor.user.name
            row = running.begin(session, kind, argument, selection, wanted, said, by, now)
    except InvalidInput as problem:
        return _ask(request, site, visitor, form, problem)
    set_out(opened, row)
    return _lead_on(site, row.id, form)


@router.api_route("/subscribers/acts", methods=READ)
def list_acts(visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    with site.installation.database.read() as session:
        past = session.scalars(select(BulkAct).order_by(BulkAct.id.desc()).limit(PAST)).all()
    told = [(one, _told(one)) for one in past]
    return show(request, site, visitor, "acts.html", place="subscribers", past=told)


@router.api_route("/subscribers/acts/{act_id}", methods=READ)
def show_act(act_id: str, visitor: Marketer, site: Here, request: Request) -> HTMLResponse:
    opened = site.installation
    with opened.database.read() as session:
        row = running.find(session, int(act_id) if is_number(act_id) else 0)
        argument = _argument(session, row)
        stays = _stays(session, row)
    return show(
        request,
        site,
        visitor,
        "act.html",
        place="subscribers",
        row=row,
        told=_told(row),
        busy=row.state in BUSY,
        whole=row.people if row.state != ActState.UNDOING else row.counts.get(DONE, 0),
        left_out={words: row.counts[key] for key, words in LEFT_OUT.items() if row.counts.get(key)},
        may_undo=running.may_be_undone(KINDS, row, opened.clock.now())
        and visitor.user.role.includes(ALL_WORDS[row.kind].role),
        argument=argument,
        stays=stays,
    )


@router.post("/subscribers/acts/{act_id}/stop")
def stop(act_id: str, visitor: MarketerWrites, site: Here) -> Response:
    opened = site.installation
    with opened.database.write() as session:
        row = running.find(session, int(act_id) if is_number(act_id) else 0)
        _check_role(row.kind, visitor)
        running.stop(row, opened.clock.now())
    return lead_to(
        site, f"/subscribers/acts/{row.id}", Note("Stopped. What was done stays, and can be undone.")
    )


@router.post("/subscribers/acts/{act_id}/undo")
def undo(act_id: str, visitor: MarketerWrites, form: Posted, site: Here) -> Response:
    opened = site.installation
    with opened.database.write() as session:
        row = running.find(session, int(act_id) if is_number(act_id) else 0)
        _check_role(row.kind, visitor)
        running.want_undo(session, KINDS, row, visitor.user.name, opened.clock.now())
    set_out(opened, row)
    return _lead_on(site, row.id, form)


def _lead_on(site: Site, act_id: int, form: Form) -> Response:
    """Back to the list with word of what was done; to the act's own page where it takes longer."""
    opened = site.installation
    with opened.database.read() as session:
        row = running.find(session, act_id)
    if row.state in BUSY or not row.counts.get(DONE):
        return lead_to(site, f"/subscribers/acts/{act_id}")
    may = running.may_be_undone(KINDS, row, opened.clock.now())
    from_ = {name: form.text(name) for name in ("query", "person") if form.text(name)}
    note = Note(_told(row), Undo(f"/subscribers/acts/{act_id}/undo", from_) if may else None)
    person, query = form.text("person"), form.text("query")
    if is_number(person) and row.kind != "erase":
        return lead_to(site, f"/subscribers/{person}/lists", note)
    return lead_to(site, f"/subscribers?{query}" if query else "/subscribers", note)


def _told(row: BulkAct) -> str:
    """What became of an act, in one sentence."""
    words, done = ALL_WORDS[row.kind], row.counts.get(DONE, 0)
    if row.state == ActState.UNDONE:
        kept = done - row.counts.get("undone", 0)
        stays = f" {people_in(kept).capitalize()} did something since, and stay as they are." if kept else ""
        return f"Undone for {people_in(row.counts.get('undone', 0))}.{stays}"
    if row.state == ActState.UNDOING:
        return f"Being undone: {words.done.format(people=people_in(done), **_argument_of(row))}"
    if row.state == ActState.RUNNING:
        return words.title.format(people=people_in(row.people), **_argument_of(row))
    others = row.seen - done
    left = f", {people_in(others)} left out" if others > 0 else ""
    half = "Stopped half-way: " if row.state == ActState.STOPPED else ""
    said = words.done.format(people=people_in(done), **_argument_of(row))
    if done == 1:
        said = said.replace("person are", "person is").replace("person were", "person was")
    said = f"{half}{said}{left}."
    return said[0].upper() + said[1:]


def _argument_of(row: BulkAct) -> dict[str, str]:
    """What was chosen, kinds of fields in words."""
    chosen = {name: str(value) for name, value in row.argument.items() if value}
    return chosen | {name: FIELD_KINDS[chosen[name]].lower() for name in ("kind", "was") if name in chosen}


def _argument(session: Session, row: BulkAct) -> dict[str, str]:
    """What was chosen, by the names it has now."""
    chosen = _argument_of(row)
    if (course := session.get(Course, chosen.get("course", ""))) is not None:
        chosen["course"] = course.title
    by_slug = select(MailingList.name).where(MailingList.slug == chosen.get("list", ""))
    if (name := session.scalar(by_slug)) is not None:
        chosen["list"] = name
    return {_ARGUMENTS.get(name, name): value for name, value in chosen.items()}


def _stays(session: Session, row: BulkAct) -> list[tuple[str, str]]:
    """What undoing does not take back, since triggers of the tag did it: each course, and what became of
    whom there.
    """
    if row.kind != "tag" or row.state in BUSY:
        return []
    done = {"enrol": "{people} led into", "end": "it has ended for {people}:"}
    return [
        (done[trigger.act].format(people=people_in(people)), trigger.course.title)
        for trigger, people in triggers.set_off(session, str(row.argument["tag"]), row.id, row.created_at)
    ]


def _kind(form: Form, visitor: Visitor) -> str:
    key = form.text("act")
    if key not in WORDS:
        raise InvalidInput("Choose what to do.", field="act")
    _check_role(key, visitor)
    return key


def _check_role(key: str, visitor: Visitor) -> None:
    if not visitor.user.role.includes(ALL_WORDS[key].role):
        raise Forbidden("This is for admins and owners. Ask one of them to do it, or to change your role.")


def _selection(form: Form) -> Selection:
    if form.text("all") == "yes":
        return {"filters": _filters(form).chosen()}
    return {"ids": [int(one) for one in form.all("id") if is_number(one)]}


def _filters(form: Form) -> Filters:
    return Filters.read(QueryParams(form.text("query")))


def _said(session: Session, form: Form) -> str:
    if form.text("all") != "yes":
        return "Ticked one by one"
    return in_words(_filters(form), choices_of(session))


def _check_erasing(session: Session, form: Form, wanted: ColumnElement[bool]) -> None:
    """Only this asks for typed words: the address of one person, or how many they are."""
    people, typed = counted(session, wanted), form.text("number").strip()
    if form.text("person"):
        emails = session.scalars(select(Subscriber.address_key).where(wanted)).all()
        if [fold(typed)] != list(emails):
            raise InvalidInput("Nobody was erased. Type the address of this person.", field="number")
    elif "".join(one for one in typed if one not in " ,.") != str(people):
        raise InvalidInput(f"Nobody was erased. Type the number of people, {people}.", field="number")


def _ask(
    request: Request, site: Site, visitor: Visitor, form: Form, problem: InvalidInput | None = None
) -> Response:
    key, opened, selection = _kind(form, visitor), site.installation, _selection(form)
    query = QueryParams(form.text("query"))
    with opened.database.read() as session:
        try:
            wanted = chosen(session, selection, opened.clock.now())
        except InvalidInput as wrong:
            return _back(request, site, visitor, query, wrong)
        many = counted(session, wanted)
        if not many:
            nobody = InvalidInput("Nobody is chosen. Tick people, or everybody who matches.", field="id")
            return _back(request, site, visitor, query, nobody)
        named = session.scalars(
            select(Subscriber).where(wanted).order_by(Subscriber.id.desc()).limit(NAMED)
        ).all()
        said, choices = _said(session, form), choices_of(session)
        kinds = ("course", "newsletter") if key == "ask" else ("course",)
        offered = Course.kind.in_(kinds) & (Course.revision_id.is_not(None) | (Course.kind == "newsletter"))
        courses = session.execute(select(Course.id, Course.title).where(offered).order_by(Course.title)).all()
    words = WORDS[key]
    return show(
        request,
        site,
        visitor,
        "act_new.html",
        place="subscribers",
        problem=problem,
        act=key,
        words=words,
        title=words.title.format(people=people_in(many)),
        many=many,
        named=named,
        said=said,
        selection=selection,
        query=form.text("query"),
        person=form.text("person") if is_number(form.text("person")) else "",
        typed=form.texts(),
        choices=choices,
        courses=dict(courses),
        layouts=LAYOUTS,
        forms=list(FileForm),
    )


def _back(
    request: Request, site: Site, visitor: Visitor, query: QueryParams, problem: InvalidInput
) -> HTMLResponse:
    """The list again, with what is wrong."""
    columns = columns_of(query.getlist("column"))
    return listed(request, site, visitor, Filters.read(query), columns, problem=problem)


def _export(request: Request, site: Site, visitor: Visitor, form: Form) -> Response:
    """The file of those who are chosen, and a line that says who took it."""
    opened, selection = site.installation, _selection(form)
    argument = {"file": f"{form.text('layout')}, {form.text('form')}"}
    now = opened.clock.now()
    try:
        with opened.database.read() as session:  # it takes a while, and who writes is not to wait for it
            wanted: ColumnElement[bool] = chosen(session, selection, now)
            file = people_file(session, opened, form.text("form"), form.text("layout"), wanted)
            said = _said(session, form)
        with opened.database.write() as session:
            running.note(session, EXPORT, argument, wanted, said, visitor.user.name, now)
    except InvalidInput as problem:
        return _ask(request, site, visitor, form, problem)
    return file
