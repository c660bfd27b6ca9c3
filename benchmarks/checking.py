"""How long the checks of a course take: the example's five lessons, repeated to twelve and a welcome.

`python -m benchmarks.checking`. Each round changes every lesson, so that nothing is known from before.
"""

import time
from dataclasses import replace
from statistics import median

from campaigns.cadence import Cadence
from campaigns.checking import drafts
from campaigns.models import Course, Lesson
from campaigns.publishing import numbered, source_of
from campaigns.splitting import split
from courseletter.demo import read_article
from templates.brand import Brand

LESSONS, ROUNDS = 12, 5
BRAND = Brand("Quiet Desk", "12 Example Street, Bristol", "https://desk.example.org")


def course() -> Course:
    welcome, *lessons = split(read_article(None))
    many = [welcome, *(replace(lessons[i % len(lessons)], title=f"Lesson {i}") for i in range(LESSONS))]
    made = Course(id="crs_1", title="Sleep", language="en", zone="UTC", cadence=Cadence().to_json())
    made.disclosures, made.disclaimers = ["This post contains affiliate links."], []
    made.lessons = [
        Lesson(
            id=f"les_{place}",
            position=place,
            kind=one.kind,
            format="markdown",
            minutes=1,
            only_if="",
            **{
                key: getattr(one, key) for key in ("title", "subject", "preheader", "recap", "teaser", "body")
            },
        )
        for place, one in enumerate(many)
    ]
    return made


def main() -> None:
    draft, taken = course(), []
    for number in range(ROUNDS):
        for lesson in draft.lessons:
            lesson.body += f"\nRound {number}.\n"
        sources = [source_of(draft, place, lesson) for place, lesson in numbered(draft)]
        began = time.process_time()
        drafts.check(draft, sources, BRAND, ())
        taken.append(time.process_time() - began)
    print(
        f"checks of {LESSONS} lessons: {taken[0]:.2f} s at first, then {median(taken[1:]):.2f} s of one core"
    )


if __name__ == "__main__":
    main()
