"""The mail that asks whether somebody wants a newsletter says newsletter, in every language of mails."""

from email import message_from_bytes, policy

import pytest
from newsroom import Newsroom
from school import BRAND, School

from campaigns.models import Course
from sender.queueing import queue_confirmation
from subscribers import consent
from subscribers.consent import Evidence
from subscribers.people import NOTHING_SAID, find_or_create
from templates.compiling import compile_notice
from templates.words import words


def test_the_mail_names_the_newsletter_and_leads_to_its_confirmation(school: School) -> None:
    newsroom = Newsroom(school)
    with school.database.write() as session:
        newsletter = session.get_one(Course, newsroom.newsletter_id)
        person, _ = find_or_create(session, "ana@inbox.example.org", NOTHING_SAID, school.clock.now())
        consent.request(session, newsletter.mailing_list, person, Evidence(), school.clock.now())
        queue_confirmation(session, newsletter, person, school.clock.now())
    school.work()
    (mail,) = school.memory.delivered
    message = message_from_bytes(mail.message, policy=policy.default)
    text = message.get_body(("plain",))
    assert text is not None
    said = text.get_content()
    assert "the newsletter “Garden letter”" in " ".join(said.split())
    assert "course" not in said.lower()
    assert "/confirm/" in said


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt", "it", "nl", "ar", "he"])
def test_each_language_has_its_own_words_for_it(language: str) -> None:
    mail = compile_notice("subscribe", BRAND, language)
    assert mail.subject
    own, course = words(language)["subscribe_text"], words(language)["confirm_text"]
    assert own != course
    assert "{course}" in own
