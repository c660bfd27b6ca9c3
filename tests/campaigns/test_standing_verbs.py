"""Rules S9 to S17: what a tick, a delivery's fate and a learner's wish make of an enrolment."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from calendars import berlin, coming_dates, dates, received, timetable

from campaigns.cadence import Cadence
from campaigns.schedule import Mark, Profile, Timetable
from campaigns.standing import Promotion, Refusal, Standing, coming, enrolled, future

ANYONE = Profile()
SIGN_UP = berlin("2026-03-11 15:42")  # a Wednesday
DAILY = Cadence(gap=1)
COURSE = timetable(DAILY)  # W, then L1 on Thursday the 12th at 9:00, L2 on the 13th ...
COHORT = timetable(replace(DAILY, cohort_start=date(2026, 3, 12)))


def after(count: int, course: Timetable = COURSE) -> Standing:
    standing = enrolled(course, ANYONE, SIGN_UP)
    for _ in range(count):
        standing = received(course, ANYONE, standing)
    return standing


def queued(standing: Standing, at: datetime, course: Timetable = COURSE) -> Standing:
    promotion, standing = standing.promote(course, ANYONE, at)
    assert promotion is Promotion.QUEUED
    return standing


def shown(standing: Standing, now: str, course: Timetable = COURSE) -> list[str]:
    return coming_dates(course, ANYONE, standing, berlin(now))


# The tick


def test_promote_is_nothing_before_the_moment() -> None:
    standing = after(1)
    assert standing.promote(COURSE, ANYONE, berlin("2026-03-12 08:59")) == (Promotion.NOTHING, standing)


def test_promote_queues_and_dates_the_next() -> None:
    standing = queued(after(1), berlin("2026-03-12 09:00"))
    assert standing.queued is not None
    assert (standing.queued.lesson, standing.queued.by) == ("L1", "schedule")
    assert (standing.next_lesson, standing.due_at) == ("L2", berlin("2026-03-13 09:00"))


def test_s09_r25_an_hour_late_still_goes_and_a_second_more_is_redated() -> None:
    standing, last = after(1), berlin("2026-03-12 10:00")
    assert standing.promote(COURSE, ANYONE, last)[0] is Promotion.QUEUED
    promotion, redated = standing.promote(COURSE, ANYONE, last + timedelta(seconds=1))
    assert promotion is Promotion.REDATED
    assert shown(redated, "2026-03-12 10:00")[0] == "L1 Fri 13 Mar 09:00"


def test_s09_r25_a_restored_copy_sends_nothing_of_the_past() -> None:
    restored = after(1)
    promotion, redated = restored.promote(COURSE, ANYONE, berlin("2026-09-01 12:00"))
    assert promotion is Promotion.REDATED
    assert shown(redated, "2026-09-01 12:00")[:2] == ["L1 Wed 2 Sep 09:00", "L2 Thu 3 Sep 09:00"]


def test_s10_skip_marks_the_older_ones_and_keeps_the_last_lesson() -> None:
    course = timetable(Cadence(gap=1, catch_up="skip"))
    _, redated = after(1, course).promote(course, ANYONE, berlin("2026-06-01 12:00"))
    assert redated.progress.marks == {
        Mark("W", "sent", "schedule"),
        *(Mark(lesson, "skipped", "catch_up") for lesson in ("L1", "L2", "L3", "L4")),
    }
    assert shown(redated, "2026-06-01 12:00", course) == ["L5 Tue 2 Jun 09:00"]


def test_s10_skip_never_skips_a_welcome() -> None:
    course = timetable(Cadence(gap=1, catch_up="skip"))
    _, redated = after(0, course).promote(course, ANYONE, berlin("2026-06-01 12:00"))
    assert redated.next_lesson == "W"
    assert redated.progress.marks == frozenset()


def test_s11_one_lesson_in_flight() -> None:
    standing = queued(after(1), berlin("2026-03-12 09:00"))
    assert standing.promote(COURSE, ANYONE, berlin("2026-03-13 09:00")) == (Promotion.NOTHING, standing)


def test_s11_a_late_delivery_moves_the_next_and_keeps_its_anchor() -> None:
    standing = queued(after(1), berlin("2026-03-12 09:00")).sent(COURSE, ANYONE, berlin("2026-03-13 07:00"))
    assert standing.last_at == berlin("2026-03-13 07:00")
    assert standing.anchor_at == berlin("2026-03-12 09:00")
    assert shown(standing, "2026-03-13 07:00")[0] == "L2 Sat 14 Mar 09:00"


def test_sent_twice_is_sent_once() -> None:
    standing = after(2)
    assert standing.sent(COURSE, ANYONE, berlin("2026-03-12 09:05")) == standing


def test_s13_a_paused_course_promotes_nobody_and_calls_back() -> None:
    paused, before = replace(COURSE, paused=True), after(1)
    standing = queued(before, berlin("2026-03-12 09:00")).called_back(
        paused, ANYONE, berlin("2026-03-12 09:01")
    )
    assert (standing.anchor_at, standing.last_at) == (before.anchor_at, before.last_at)
    assert standing.next_lesson == "L1"
    assert standing.promote(paused, ANYONE, berlin("2026-03-13 09:00")) == (Promotion.NOTHING, standing)


def test_s13_joining_a_paused_course_waits_and_is_not_lost() -> None:
    paused = replace(COURSE, paused=True)
    standing = enrolled(paused, ANYONE, SIGN_UP)
    assert standing.promote(paused, ANYONE, SIGN_UP) == (Promotion.NOTHING, standing)
    resumed = berlin("2026-03-20 08:00")
    assert standing.promote(COURSE, ANYONE, resumed)[0] is Promotion.REDATED
    assert shown(standing, "2026-03-20 08:00")[:2] == ["W Fri 20 Mar 09:00", "L1 Sat 21 Mar 09:00"]


def test_s16_over_the_cap_it_waits_for_tomorrow_and_the_calendar_moves() -> None:
    promotion, held = after(1).promote(COURSE, ANYONE, berlin("2026-03-12 09:00"), cap_reached=True)
    assert promotion is Promotion.HELD
    assert held.held_until == date(2026, 3, 13)
    assert shown(held, "2026-03-12 09:00")[:2] == ["L1 Fri 13 Mar 09:00", "L2 Sat 14 Mar 09:00"]


def test_s16_over_the_cap_a_cohort_keeps_its_calendar() -> None:
    _, held = after(1, COHORT).promote(COHORT, ANYONE, berlin("2026-03-12 09:00"), cap_reached=True)
    standing = received(COHORT, ANYONE, held)
    assert standing.anchor_at == berlin("2026-03-12 09:00")


def test_s08_s16_a_welcome_just_asked_for_is_outside_the_cap() -> None:
    standing = enrolled(COURSE, ANYONE, SIGN_UP)
    assert standing.promote(COURSE, ANYONE, SIGN_UP, cap_reached=True)[0] is Promotion.QUEUED


# A delivery that failed


def failed(standing: Standing, times: int, course: Timetable = COURSE) -> Standing:
    for _ in range(times):
        at = standing.due_at
        assert at is not None
        standing = queued(standing, at, course).failed(course, ANYONE, at + timedelta(minutes=1))
    return standing


def test_a_failed_lesson_is_due_again_at_the_next_slot() -> None:
    assert shown(failed(after(1), 1), "2026-03-12 09:01")[:2] == [
        "L1 Fri 13 Mar 09:00",
        "L2 Sat 14 Mar 09:00",
    ]


def test_a_failed_lesson_never_tries_twice_in_one_window() -> None:
    course = timetable(replace(DAILY, end=1020))
    assert shown(failed(after(1, course), 1, course), "2026-03-12 09:01", course)[0] == "L1 Fri 13 Mar 09:00"


def test_a_failed_welcome_does_not_go_again_at_once() -> None:
    assert shown(failed(after(0), 1), "2026-03-11 15:43")[0] == "W Thu 12 Mar 09:00"


def test_an_expired_lesson_takes_the_next_slot_of_the_same_day() -> None:
    standing = queued(after(1), berlin("2026-03-12 09:00")).failed(COURSE, ANYONE, berlin("2026-03-14 08:00"))
    assert shown(standing, "2026-03-14 08:00")[0] == "L1 Sat 14 Mar 09:00"


def test_three_retries_then_the_lesson_is_held_for_the_marketer() -> None:
    standing = failed(after(1), 3)
    assert (standing.held, standing.next_lesson) == (False, "L1")
    standing = failed(standing, 1)
    assert (standing.held, standing.next_lesson, standing.due_at, standing.state) == (
        True,
        "L1",
        None,
        "active",
    )
    assert standing.changed(COURSE, Profile(pace="slower"), berlin("2026-04-01 09:00")).due_at is None
    assert future(COURSE, ANYONE, standing, berlin("2026-04-01 09:00")) == []


def test_a_held_lesson_comes_when_it_is_released() -> None:
    now = berlin("2026-04-01 08:00")
    standing = failed(after(1), 4).released(COURSE, ANYONE, now)
    assert (standing.held, standing.failures) == (False, 0)
    assert shown(standing, "2026-04-01 08:00")[:2] == ["L1 Wed 1 Apr 09:00", "L2 Thu 2 Apr 09:00"]


def test_a_held_lesson_may_be_skipped() -> None:
    standing = failed(after(1), 4).skip(COURSE, ANYONE, berlin("2026-04-01 08:00"))
    assert shown(standing, "2026-04-01 08:00")[0] == "L2 Wed 1 Apr 09:00"


def test_success_forgets_the_failures() -> None:
    standing = received(COURSE, ANYONE, failed(after(1), 3))
    assert standing.failures == 0
    assert shown(standing, "2026-03-15 09:30")[0] == "L2 Mon 16 Mar 09:00"


def test_releasing_what_is_not_held_changes_nothing() -> None:
    standing = failed(after(1), 2)
    assert standing.released(COURSE, ANYONE, berlin("2026-03-14 00:00")) == standing


def test_a_failure_without_anything_in_flight_changes_nothing() -> None:
    standing = after(1)
    assert standing.failed(COURSE, ANYONE, berlin("2026-03-11 16:00")) == standing


# The learner's wishes


def test_s12_a_pause_until_a_date_needs_nobody_to_end_it() -> None:
    resting = after(2).pause(COURSE, ANYONE, berlin("2026-03-12 12:00"), date(2026, 3, 20))
    assert resting.state == "active"
    assert shown(resting, "2026-03-12 12:00")[:2] == ["L2 Fri 20 Mar 09:00", "L3 Sat 21 Mar 09:00"]


def test_s12_a_pause_without_a_date_has_no_due() -> None:
    resting = after(2).pause(COURSE, ANYONE, berlin("2026-03-12 12:00"), None)
    assert (resting.state, resting.due_at, resting.next_lesson) == ("paused", None, None)
    assert future(COURSE, ANYONE, resting, berlin("2026-03-13 09:00")) == []


def test_s12_r26_what_is_called_back_comes_after_the_pause() -> None:
    now = berlin("2026-03-13 09:01")
    standing = queued(after(2), berlin("2026-03-13 09:00")).called_back(COURSE, ANYONE, now)
    resting = standing.pause(COURSE, ANYONE, now, date(2026, 3, 20))
    assert shown(resting, "2026-03-13 09:01")[0] == "L2 Fri 20 Mar 09:00"


def test_s12_what_is_past_the_dot_counts_although_they_paused() -> None:
    resting = queued(after(2), berlin("2026-03-13 09:00")).pause(
        COURSE, ANYONE, berlin("2026-03-13 09:01"), None
    )
    arrived = resting.sent(COURSE, ANYONE, berlin("2026-03-13 09:02"))
    assert (arrived.state, arrived.queued) == ("paused", None)
    assert "L2" in arrived.had


def test_s12_a_pause_in_a_cohort_is_made_up_for_one_a_day() -> None:
    standing = after(1, COHORT)
    resting = standing.pause(COHORT, ANYONE, berlin("2026-03-11 20:00"), date(2026, 3, 14))
    assert resting.rebase is False
    spread = timetable(replace(DAILY, gap=2, cohort_start=date(2026, 3, 12)))  # 12, 14, 16, 18, 20
    resting = after(1, spread).pause(spread, ANYONE, berlin("2026-03-11 20:00"), date(2026, 3, 15))
    assert [one[:9].strip() for one in shown(resting, "2026-03-11 20:00", spread)] == [
        *("L1 Sun 15", "L2 Mon 16", "L3 Tue 17", "L4 Wed 18", "L5 Fri 20"),
    ]


KEPT = timetable(Cadence(gap=2, catch_up="one_a_day"))  # evergreen; W, then the 12th, 14th, 16th, 18th, 20th


def test_s12_after_a_pause_the_rhythm_of_an_evergreen_course_starts_anew() -> None:
    resting = after(1, KEPT).pause(KEPT, ANYONE, berlin("2026-03-11 20:00"), date(2026, 3, 17))
    assert [one[:9] for one in shown(resting, "2026-03-11 20:00", KEPT)] == [
        *("L1 Tue 17", "L2 Thu 19", "L3 Sat 21", "L4 Mon 23", "L5 Wed 25"),
    ]


def test_s12_once_it_started_anew_missed_lessons_are_made_up_for_again() -> None:
    resting = after(1, KEPT).pause(KEPT, ANYONE, berlin("2026-03-11 20:00"), date(2026, 3, 17))
    on_the_17th = received(KEPT, ANYONE, resting)
    up_again = berlin("2026-03-22 07:00")  # L2 of the 19th and L3 of the 21st were missed
    _, late = on_the_17th.promote(KEPT, ANYONE, up_again)
    assert [one[:9] for one in shown(late, "2026-03-22 07:00", KEPT)] == [
        *("L2 Sun 22", "L3 Mon 23", "L4 Tue 24", "L5 Wed 25"),
    ]


def test_s17_coming_back_starts_the_rhythm_anew() -> None:
    back = after(1, KEPT).leave().rejoined(KEPT, ANYONE, berlin("2026-03-17 07:00"))
    assert [one[:9] for one in shown(back, "2026-03-17 07:00", KEPT)][:3] == [
        "L1 Tue 17",
        "L2 Thu 19",
        "L3 Sat 21",
    ]


def test_s12_resuming_early_ends_a_pause_with_a_date() -> None:
    resting = after(2).pause(COURSE, ANYONE, berlin("2026-03-12 12:00"), date(2026, 6, 1))
    back = resting.resume(COURSE, ANYONE, berlin("2026-03-14 09:30"))
    assert shown(back, "2026-03-14 09:30")[0] == "L2 Sun 15 Mar 09:00"


def test_resuming_without_a_pause_changes_nothing() -> None:
    standing = after(2)
    assert standing.resume(COURSE, ANYONE, berlin("2026-03-12 12:00")) == standing


def test_s17_an_old_resume_link_brings_nobody_back_who_left() -> None:
    left = after(2).pause(COURSE, ANYONE, berlin("2026-03-12 12:00"), date(2026, 6, 1)).leave()
    assert left.resume(COURSE, ANYONE, berlin("2026-03-14 09:30")) == left


def test_s14_next_now_goes_at_any_hour_and_twenty_hours_still_hold() -> None:
    asked = after(2).next_now(COURSE, ANYONE, berlin("2026-03-12 23:00"))
    assert asked.queued is not None
    assert (asked.queued.lesson, asked.queued.by) == ("L2", "learner")
    assert shown(asked, "2026-03-12 23:00")[0] == "L3 Sat 14 Mar 09:00"


def test_s14_in_a_cohort_only_what_the_cohort_had() -> None:
    standing, evening = after(1, COHORT), berlin("2026-03-11 20:00")
    assert standing.why_not_now(COHORT, evening) is Refusal.NOT_YET
    assert standing.next_now(COHORT, ANYONE, evening) == standing
    # Back from a pause, with L1 of the 12th to make up for: the calendar stays where it is.
    late = berlin("2026-03-12 20:00")
    back = standing.pause(COHORT, ANYONE, evening, None).resume(COHORT, ANYONE, late)
    asked = back.next_now(COHORT, ANYONE, late)
    assert asked.anchor_at == berlin("2026-03-12 09:00")
    assert shown(asked, "2026-03-12 20:00", COHORT)[0] == "L2 Sat 14 Mar 09:00"  # 20 hours after


def test_s14_why_not_now_names_the_reason() -> None:
    now = berlin("2026-03-12 12:00")
    standing = after(2)
    assert standing.why_not_now(COURSE, now) is None
    assert standing.why_not_now(replace(COURSE, paused=True), now) is Refusal.COURSE_PAUSED
    assert standing.next_now(COURSE, ANYONE, now).why_not_now(COURSE, now) is Refusal.IN_FLIGHT
    assert standing.leave().why_not_now(COURSE, now) is Refusal.NOT_ACTIVE
    assert after(6).why_not_now(COURSE, now) is Refusal.NOT_ACTIVE
    last = queued(after(5), berlin("2026-03-16 09:00"))
    assert last.why_not_now(COURSE, now) is Refusal.IN_FLIGHT


def test_s15_skip_gives_the_slot_to_the_next() -> None:
    skipped = after(1).skip(COURSE, ANYONE, berlin("2026-03-11 20:00"))
    assert Mark("L1", "skipped", "learner") in skipped.progress.marks
    assert shown(skipped, "2026-03-11 20:00")[0] == "L2 Thu 12 Mar 09:00"


def test_s15_skip_uses_up_a_cohorts_slot() -> None:
    skipped = after(1, COHORT).skip(COHORT, ANYONE, berlin("2026-03-11 20:00"))
    assert shown(skipped, "2026-03-11 20:00", COHORT)[0] == "L2 Fri 13 Mar 09:00"


def test_s15_what_is_due_this_hour_and_still_allowed_stays_due() -> None:
    standing = after(1)
    changed = standing.changed(COURSE, Profile(pace="slower"), berlin("2026-03-12 09:20"))
    assert changed.due_at == berlin("2026-03-12 09:00")
    moved = standing.changed(COURSE, Profile(minute=600), berlin("2026-03-12 09:20"))
    assert moved.due_at == berlin("2026-03-12 10:00")


def test_s17_leaving_stops_everything_and_coming_back_goes_on() -> None:
    left = after(3).leave()
    assert (left.state, left.due_at, left.next_lesson) == ("left", None, None)
    assert left.promote(COURSE, ANYONE, berlin("2026-03-14 09:00")) == (Promotion.NOTHING, left)
    back = left.rejoined(COURSE, ANYONE, berlin("2026-05-01 12:00"))
    assert shown(back, "2026-05-01 12:00")[0] == "L3 Sat 2 May 09:00"
    assert back.run == 1


def test_s17_starting_over_must_be_asked_for_and_is_a_new_run() -> None:
    now = berlin("2026-05-01 12:00")
    again = after(3).leave().rejoined(COURSE, ANYONE, now, start_over=True)
    assert (again.run, again.had, again.joined_at) == (2, frozenset(), now)
    assert [lesson for lesson, _ in future(COURSE, ANYONE, again, now)] == ["W", "L1", "L2", "L3", "L4", "L5"]


def test_s17_completed_is_completed() -> None:
    course = replace(COURSE, publishes=4)
    done = after(6, course)
    assert (done.state, done.completed_in, done.joined_in) == ("completed", 4, 4)
    assert done.rejoined(course, ANYONE, berlin("2026-05-01 12:00")) == done
    assert done.changed(course, Profile(pace="faster"), berlin("2026-05-01 12:00")) == done


def test_s17_the_last_lesson_in_flight_is_not_yet_the_end() -> None:
    standing = queued(after(5), berlin("2026-03-16 09:00"))
    assert (standing.state, standing.due_at) == ("active", None)


@pytest.mark.parametrize("verb", ["pause", "skip", "resume"])
def test_s17_who_left_is_not_moved_by_a_wish(verb: str) -> None:
    left, now = after(3).leave(), berlin("2026-05-01 12:00")
    wish = {
        "pause": lambda: left.pause(COURSE, ANYONE, now, date(2026, 6, 1)),
        "skip": lambda: left.skip(COURSE, ANYONE, now),
        "resume": lambda: left.resume(COURSE, ANYONE, now),
    }[verb]
    assert wish() == left


def test_a_calendar_tells_the_place_of_a_lesson_beside_its_moment() -> None:
    """After an outage a cohort's lessons keep their places and come later."""
    up_again = berlin("2026-03-14 12:00")
    _, late = after(1, COHORT).promote(COHORT, ANYONE, up_again)
    first = next(coming(COHORT, ANYONE, late, up_again))
    assert dates([("planned", first.planned), ("due", first.at)]) == [
        "planned Thu 12 Mar 09:00",
        "due Sun 15 Mar 09:00",
    ]
