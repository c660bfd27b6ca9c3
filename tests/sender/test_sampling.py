"""A lesson as somebody here asks to see it: no link of it leads to a reader's pages, nor to none."""

import re

from newsroom import Newsroom
from school import BRAND, LINKS, School

from campaigns.models import Course, Lesson
from courseletter.database import Database
from sender.sampling import Somebody, sampled
from templates.rendering import render


def test_each_link_of_a_sample_leads_to_the_sign_up_page(database: Database, now) -> None:
    school = School(database, now)
    with database.read() as session:
        course = session.get_one(Course, school.course_id)
        who = Somebody("ada@inbox.example.org", "Ada")
        compiled, context = sampled(session, course, course.lessons[1], who, BRAND, LINKS, now)
        sign_up = LINKS.sign_up(course.slug)
    mail = render(compiled, context)
    ours = re.findall(rf"{re.escape(LINKS.base_url)}/[^\s\"<]*", mail.html + mail.text)
    assert {one for one in ours if one.endswith(("#/next", "#/pause", "#/skip"))}
    assert {one.partition("#")[0] for one in ours} == {sign_up}


def test_each_link_of_an_issue_s_sample_leads_to_the_newsletter_s_page(school: School) -> None:
    newsroom = Newsroom(school)
    issue_id = newsroom.draft()
    with school.database.read() as session:
        lesson = session.get_one(Lesson, issue_id)
        who = Somebody("ada@inbox.example.org", "Ada")
        compiled, context = sampled(session, lesson.course, lesson, who, BRAND, LINKS, newsroom.now)
    mail = render(compiled, context)
    ours = re.findall(rf"{re.escape(LINKS.base_url)}/[^\s\"<]*", mail.html + mail.text)
    assert {one.partition("#")[0] for one in ours} == {LINKS.newsletter("garden-letter")}
