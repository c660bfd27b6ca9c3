"""Ways in and out, as marketers make them."""

import re

import pytest
from colleagues import Colleague, add_user
from reading_room import World

from campaigns.models import Course, Trigger
from courseletter.installation import Installation
from sender.triggering import pull
from subscribers import tags
from subscribers.models import Subscriber


@pytest.fixture
def marketer(shop: World) -> Colleague:
    return Colleague(shop.app, shop.installation, add_user(shop.installation, "marketer"))


@pytest.fixture
def course(shop: World) -> Course:
    return next(one for one in shop.all(Course) if one.revision_id)


def test_a_way_is_added_acts_is_counted_and_removed(shop: World, marketer: Colleague, course: Course) -> None:
    path = f"/courses/{course.id}/triggers"
    assert marketer.post(path, tag="bought", act="end").status_code == 303
    (trigger,) = shop.all(Trigger)
    assert (trigger.act, trigger.then_id) == ("end", None)
    opened: Installation = shop.installation
    with opened.database.write() as session:
        person = session.get_one(Subscriber, 1)
        tags.add(session, person, "Bought", opened.clock.now())
    done = pull(opened.database, opened.clock.now(), opened.settings.key)
    assert sum(done.values()) == 1
    page = marketer.get(path).text
    assert "gets the tag bought" in page
    assert '<option value="bought">' in page
    assert marketer.post(f"{path}/{trigger.id}/remove").status_code == 303
    assert shop.all(Trigger) == []
    toast = marketer.get(path).text.partition('id="toast"')[2]
    again = dict(re.findall(r'name="(act|tag|finished|clicked|segment|then)" value="([^"]*)"', toast))
    assert marketer.post(path, **again).status_code == 303
    (back,) = shop.all(Trigger)
    assert (back.act, back.tag_id, back.then_id) == (trigger.act, trigger.tag_id, trigger.then_id)
    assert pull(opened.database, opened.clock.now(), opened.settings.key).total() == 0, "nobody is met twice"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"tag": ""}, "tag"),
        ({"tag": "a,b"}, "tag"),
        ({"tag": "", "finished": "self"}, "finished"),
        ({"tag": "", "finished": "crs_ZZZZZZZZZZ"}, "finished"),
        ({"tag": "pro", "then": "self", "act": "end"}, "then"),
        ({"tag": "", "clicked": "https://example.org/elsewhere"}, "clicked"),
        ({"tag": "", "segment": "99"}, "segment"),
        ({"tag": "", "segment": "x"}, "segment"),
    ],
)
def test_a_way_that_leads_nowhere_is_422_and_keeps_what_was_typed(
    shop: World, marketer: Colleague, course: Course, form: dict[str, str], field: str
) -> None:
    typed = {name: course.id if text == "self" else text for name, text in form.items()}
    page = marketer.post(f"/courses/{course.id}/triggers", **typed)
    assert page.status_code == 422
    assert f'id="{field}-problem"' in page.text
    assert shop.all(Trigger) == []


def test_another_courses_trigger_is_not_found(shop: World, marketer: Colleague, course: Course) -> None:
    marketer.post(f"/courses/{course.id}/triggers", tag="pro")
    assert marketer.post("/courses/crs_ZZZZZZZZZZ/triggers/1/remove").status_code == 404
    assert marketer.post(f"/courses/{course.id}/triggers/x/remove").status_code == 404
    assert len(shop.all(Trigger)) == 1


def test_undoing_a_bulk_tag_says_what_its_trigger_did_and_stays(
    shop: World, marketer: Colleague, course: Course
) -> None:
    opened = shop.installation
    marketer.post(f"/courses/{course.id}/triggers", tag="bought", act="end")
    marketer.post("/subscribers/acts/start", act="tag", id=["1"], tag="bought")
    assert 'id="stays"' not in marketer.get("/subscribers/acts/1").text
    assert pull(opened.database, opened.clock.now(), opened.settings.key) == {"ended": 1}
    page = marketer.get("/subscribers/acts/1").text
    assert "does not take this back" in page
    assert "it has ended for one person:" in page
    assert course.title in page.partition('id="stays"')[2]
    marketer.post("/subscribers/acts/1/undo")
    assert "Undoing has not taken this back" in marketer.get("/subscribers/acts/1").text
