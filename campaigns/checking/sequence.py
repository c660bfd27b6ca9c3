"""What only the whole course shows: its settings, its article's notices, what lessons say of each other."""

from collections.abc import Iterator

from campaigns import reviewing, wording
from campaigns.cadence import Cadence
from campaigns.checking.finding import Finding, blocking, clipped, warning
from campaigns.checking.markdown import split
from campaigns.drafting import WEEK, unsendable
from campaigns.models import Course, Lesson
from campaigns.reading.assembling import fold
from templates.brand import Brand

# A lesson, or None for the course itself, and what is found there.
Found = tuple[Lesson | None, Finding]


def settings(course: Course, brand: Brand) -> Iterator[Finding]:
    if not any(lesson.kind == "lesson" for lesson in course.lessons):
        yield blocking("course", "It has no lesson.", "Add one.", part="lessons")
    if not brand.address.strip():
        mend = "Write it under Settings, Brands, or as `address` under [brand] in courseletter.toml."
        message = "The footer needs your postal address: the law asks for it in every mail."
        yield blocking("postal-address", message, mend, part="course")
    for problem in Cadence.from_json(course.cadence).problems():
        yield blocking("course", *split(problem, "Change the course's days and hours."), part="course")
    yield from _other_kind(course)
    yield from _lost_notices(course)


def _other_kind(course: Course) -> Iterator[Finding]:
    """A cohort and an evergreen course count time in ways that nobody under way can change between."""
    if course.revision is None:
        return
    starts = [Cadence.from_json(one.cadence).cohort_start is not None for one in (course, course.revision)]
    if starts[0] != starts[1]:
        message = "A course for a cohort cannot become one that starts at sign-up, or the other way round."
        mend = f"Make a course of its own with `courseletter course copy {course.slug}`."
        yield blocking("course", message, mend, part="course")


def _lost_notices(course: Course) -> Iterator[Finding]:
    """The disclosures and disclaimers of the course's article that its mails would not carry (R19)."""
    if course.article is None:
        return
    article = reviewing.article_of(course.article)
    above = fold(" ".join(course.disclosures))
    anywhere = above + fold(" ".join(course.disclaimers))
    for code, key, texts, kept in (
        ("disclosure", "disclosures", article.disclosures, above),
        ("course", "disclaimers", article.disclaimers, anywhere),
    ):
        for text in texts:
            if fold(text) not in kept:
                message = f"The article's “{clipped(text, 80)}” is missing."
                yield blocking(code, message, f"Put it back under {key} in course.toml.", part="course")


def headers(course: Course) -> Iterator[Found]:
    for lesson, part, why in unsendable(course):
        yield lesson, blocking("subject", *split(why, "Write it as it should be read."), part=part)


def promises(course: Course) -> Iterator[Found]:
    """Numbers, titles and rhythms that were true when they were written."""
    lessons = [lesson for lesson in course.lessons if lesson.kind == "lesson"]
    subjects = wording.renumbered([(lesson.subject, lesson.title) for lesson in lessons])
    for lesson, subject in zip(lessons, subjects, strict=True):
        if lesson.subject != subject:
            message = f"The subject counts wrong: “{clipped(wording.shown(lesson.subject))}”."
            mend = f"Write “{clipped(wording.shown(subject))}”."
            yield lesson, warning("promise", message, mend, part="subject")
    yield from _of_the_welcome(course, lessons)
    yield from _teasers(course)


def _of_the_welcome(course: Course, lessons: list[Lesson]) -> Iterator[Found]:
    weekly = Cadence.from_json(course.cadence).gap == WEEK
    minutes = [lesson.minutes for lesson in lessons]
    for welcome in course.lessons:
        if welcome.kind != "welcome" or not lessons:
            continue
        told = wording.recounted(welcome.preheader, minutes, course.language, weekly=weekly)
        if told != welcome.preheader:
            message = (
                "The preview text promises another number of lessons, or another rhythm, than the course has."
            )
            yield welcome, warning("promise", message, f"Write “{wording.shown(told)}”", part="preheader")


def _teasers(course: Course) -> Iterator[Found]:
    titles = [wording.shown(lesson.title).strip() for lesson in course.lessons]
    for lesson, following in zip(course.lessons, titles[1:], strict=False):
        teaser = wording.shown(lesson.teaser)
        if not teaser or teaser.startswith(following):
            continue
        named = next((title for title in titles if title and teaser.startswith(title)), None)
        if named:
            message = f"The teaser speaks of “{clipped(named)}”, and “{clipped(following)}” comes next."
            yield lesson, warning("promise", message, "Write the teaser anew.", part="teaser")
