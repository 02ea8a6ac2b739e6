"""A campaign as other tools see it, without probes: the JUnit files of its jobs."""

from pathlib import Path
from xml.etree import ElementTree as ET

from tests.replay.outages import OUTAGES
from tests.replay.runs import Failure, JobRun, job_runs
from tests.replay.scenarios import Campaign


def written(campaign: Campaign, folder: Path) -> list[Path]:
    """One file for each job with tests, in the new *folder*, as pytest would write it."""
    folder.mkdir(parents=True)
    files = []
    for run in job_runs(campaign):
        files.append(folder / f"{run.job.replace(' ', '-')}.xml")
        ET.ElementTree(_suites(run, campaign.edition)).write(files[-1], encoding="utf-8", xml_declaration=True)
    return files


def _suites(run: JobRun, edition: int) -> ET.Element:
    whole = ET.Element("testsuites")
    suite = ET.SubElement(whole, "testsuite", name="pytest", tests=str(len(run.passed) + len(run.failed)))
    for test in run.passed:
        ET.SubElement(suite, "testcase", classname=test.package, name=test.name, time="0.5")
    for turn, failure in enumerate(run.failed):
        _fail(suite, failure, edition, turn)
    return whole


def _fail(suite: ET.Element, failure: Failure, edition: int, turn: int) -> None:
    test = failure.test
    exc_type, words = OUTAGES[failure.cause].told_in(edition, turn)
    case = ET.SubElement(suite, "testcase", classname=test.package, name=test.name, time="0.5")
    ET.SubElement(case, "failure", message=f"{exc_type}: {words}").text = f">   …\nE   {exc_type}: {words}"
