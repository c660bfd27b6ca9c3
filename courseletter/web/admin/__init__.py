"""The workshop: the pages on which marketers make courses and admins guard the lists. A module a resource."""

from courseletter.web.admin import (
    account,
    articles,
    brands,
    checks,
    courses,
    deliveries,
    enrolments,
    find,
    folders,
    home,
    lesson_editor,
    lesson_preview,
    lessons,
    people,
    questions,
    results,
    revisions,
    sign_up_form,
    signing_in,
    subscribers,
    triggers,
)

ROUTERS = [
    module.router
    for module in (
        signing_in,
        home,
        courses,
        revisions,
        results,
        checks,
        sign_up_form,
        questions,
        triggers,
        folders,
        articles,
        lessons,
        lesson_editor,
        lesson_preview,
        subscribers,
        enrolments,
        find,
        deliveries,
        brands,
        account,
        people,
    )
]
