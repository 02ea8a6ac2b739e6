from collections import Counter
from dataclasses import replace

from tests.replay.inventory import JOBS, every_test, standing_on
from tests.replay.models.flakybot import MANY
from tests.replay.outages import DATABASE, OUTAGES, REDIS
from tests.replay.scenarios import Campaign, scenarios


def test_the_inventory_is_that_of_the_suite() -> None:
    """332 tests stand on Redis, 134 on PostgreSQL, and each has a name of its own."""
    names = {test.node_id for test in every_test()}

    assert (len(names), len(standing_on("redis")), len(standing_on("postgresql"))) == (466, 332, 134)


def test_the_tests_of_one_outage_are_spread_over_jobs_and_packages() -> None:
    """In every job that has tests; six packages are large enough for flakybot to share an issue."""
    hit = standing_on("redis")

    assert {test.file.job for test in hit} == set(JOBS[1:])
    assert sum(count >= MANY for count in Counter(test.package for test in hit).values()) == 6


def test_each_test_fails_of_the_outage_of_what_it_stands_on() -> None:
    """And of no other one."""
    both = Campaign(build=1, outages=(REDIS, DATABASE))

    assert Counter(both.cause_of(test) for test in every_test()) == {REDIS: 332, DATABASE: 134}
    assert {replace(both, outages=()).cause_of(test) for test in every_test()} == {None}


def test_an_outage_that_begins_late_spares_what_ran_before() -> None:
    """In each job the last tests fail."""
    late = Campaign(build=1, outages=(REDIS,), share=0.3)
    failing = [test for test in every_test() if late.cause_of(test)]

    assert len(failing) == 99
    assert {test.file.job for test in failing} == set(JOBS[1:])


def test_few_words_of_an_outage_name_it() -> None:
    """Most tests see a symptom only, in each edition."""
    shares = [
        sum(one.dependency in words.lower() for _, words in edition) / len(edition)
        for one in OUTAGES.values()
        for edition in one.told
    ]

    assert max(shares) < 0.5


def test_the_scenarios_are_all_different() -> None:
    """By name; the outage that goes on does so as often as it is asked for."""
    known = {one.name: one for one in scenarios(7)}

    assert len(known) == len(scenarios())
    assert len({step.build for step in known["repeated"].campaigns}) == len(known["repeated"].campaigns) == 7
