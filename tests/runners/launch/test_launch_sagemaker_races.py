"""Launches, looks and orders to end at the same moment: none undoes what another has kept."""

from datetime import UTC, datetime

import pytest

from launch.fake_aws import Fault
from launch.job_site import JobSite, done, place
from launch.site import RUN
from runners.contract import JobState, RemoteJob

__all__ = ["place"]


def test_a_launch_that_is_refused_leaves_the_record_of_another_that_was_not(
    place: JobSite,
) -> None:
    """Two launches of a run, begun by hand; a quota had no room for the one, and then has."""
    theirs: list[RemoteJob] = []

    def another_launch() -> None:
        theirs.append(place.job().model_copy(update={"state": JobState.WORKING, "log": "theirs"}))
        place.keep(theirs[0])

    place.sagemaker.faults.append(
        Fault("CreateProcessingJob", "ResourceLimitExceeded", 400, hook=another_launch)
    )
    assert place.launches().exit_code == 2
    assert place.job() == theirs[0]


def test_of_two_first_launches_one_is_the_first(place: JobSite) -> None:
    """The other has read that no job is known, and then finds the record of the first."""
    done(place.launches())
    theirs = place.job().model_copy(update={"state": JobState.LAUNCHING, "log": "theirs"})
    place.forget()

    place.amazon.faults.append(
        Fault("s3:PUT", "InternalError", 500, hook=lambda: place.keep(theirs))
    )
    place.sagemaker.faults.append(Fault("CreateProcessingJob", "ResourceLimitExceeded", 400))
    assert place.launches().exit_code == 2
    # the first may have its job by now: no refusal of the other's ends it
    assert place.job().state is JobState.LAUNCHING
    assert place.job().launched_at > theirs.launched_at


@pytest.mark.parametrize("ended", [False, True])
def test_a_run_that_is_asked_to_end_while_it_is_launched_ends(place: JobSite, ended: bool) -> None:
    """The order comes before AWS has the job, and finds nothing to stop."""

    def order() -> None:
        place.keep(place.job().model_copy(update={"state": JobState.STOPPING}))

    place.sagemaker.faults.append(Fault("CreateProcessingJob", after=ended, hook=order))
    refused = place.launches()
    assert refused.exit_code == 2
    assert f"run {RUN} was asked to end" in refused.output
    assert place.job().state is JobState.STOPPING
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"
    assert any("_launched_" in name for name in place.names())  # it costs until it has ended


@pytest.mark.parametrize("is_late", [False, True])
def test_a_run_that_ends_while_it_is_launched_has_ended(place: JobSite, is_late: bool) -> None:
    """By a look before AWS's answer was heard; what AWS has made since then is stopped."""

    def look() -> None:
        reason = "AWS has never had it" if is_late else "Stopped"
        ended = place.job().model_copy(update={"state": JobState.ENDED, "reason": reason})
        place.keep(ended)
        if not is_late:
            place.sagemaker.ends(place.job_name, "Stopped")

    place.sagemaker.faults.append(Fault("CreateProcessingJob", after=True, hook=look))
    refused = place.launches()
    assert refused.exit_code == 2
    assert f"run {RUN} has ended; ask for a new run." in refused.output
    assert place.job().state is JobState.ENDED
    assert place.sagemaker.jobs[place.job_name].status == ("Stopping" if is_late else "Stopped")
    done(place.follows())
    assert not [name for name in place.names() if "_ended_" in name]  # the look has noted it


@pytest.mark.parametrize("how", ["look", "terminate", "--stop"])
def test_a_record_that_is_taken_away_stays_so_and_an_order_to_end_counts(
    place: JobSite, how: str
) -> None:
    """Somebody, or a rule of the bucket, deletes the run's folder during a look."""
    done(place.launches())
    s3 = place.amazon.client("s3")

    def delete() -> None:
        s3.delete_object(Bucket="our-runs", Key=f"census/{RUN}/job.json")

    place.amazon.faults.append(Fault("s3:PUT", "InternalError", 500, hook=delete))
    words = {"look": (), "--stop": ("--stop", RUN)}
    done(place.terminates() if how == "terminate" else place.follows(*words[how]))
    assert f"{RUN}/job.json" not in place.names()
    is_to_end = how != "look"
    assert place.sagemaker.jobs[place.job_name].status == (
        "Stopping" if is_to_end else "InProgress"
    )


@pytest.mark.parametrize("status", ["InProgress", "Completed"])
def test_a_look_leaves_what_was_written_meanwhile(place: JobSite, status: str) -> None:
    done(place.launches())

    def order() -> None:
        place.keep(place.job().model_copy(update={"state": JobState.STOPPING}))

    if status == "Completed":
        place.sagemaker.ends(place.job_name, status)
    place.sagemaker.faults.append(Fault("DescribeProcessingJob", after=True, hook=order))
    told = RemoteJob.from_json(done(place.follows()), source="stdout")
    assert told == place.job()
    has_ended = status == "Completed"
    assert told.state is (JobState.ENDED if has_ended else JobState.STOPPING)
    assert place.sagemaker.jobs[place.job_name].status == (status if has_ended else "Stopping")
    assert len([name for name in place.names() if "_ended_" in name]) == has_ended


def test_two_looks_note_an_end_once(place: JobSite) -> None:
    done(place.launches())
    place.sagemaker.ends(place.job_name, "Completed")
    other = place.job().model_copy(update={"state": JobState.ENDED, "reason": "seen by another"})
    fault = Fault("DescribeProcessingJob", after=True, hook=lambda: place.keep(other))
    place.sagemaker.faults.append(fault)
    done(place.follows())
    assert place.job() == other
    assert not [name for name in place.names() if "_ended_" in name]


@pytest.mark.parametrize("how", ["terminate", pytest.param("--stop", marks=pytest.mark.prove)])
@pytest.mark.parametrize("is_lost", [False, True])
def test_an_order_to_end_is_kept_whatever_its_write_met(
    place: JobSite, how: str, is_lost: bool
) -> None:
    """A look that wrote just before it; or S3's answer was lost, and botocore writes again."""
    done(place.launches())
    newer = place.job().model_copy(update={"seen_at": datetime.now(UTC)})
    fault = Fault("s3:PUT", "InternalError", 500, after=is_lost)
    if not is_lost:
        fault.hook = lambda: place.keep(newer)
    place.amazon.faults.append(fault)
    done(place.terminates() if how == "terminate" else place.follows("--stop", RUN))
    assert place.job().state is JobState.STOPPING
    assert place.sagemaker.jobs[place.job_name].status == "Stopping"
    assert len([name for name in place.names() if "_stopping_" in name]) == 1


@pytest.mark.parametrize("how", ["terminate", "--stop"])
def test_an_order_to_end_comes_to_nothing_for_what_has_ended_meanwhile(
    place: JobSite, how: str
) -> None:
    done(place.launches())
    ended = place.job().model_copy(update={"state": JobState.ENDED})
    place.amazon.faults.append(
        Fault("s3:PUT", "InternalError", 500, hook=lambda: place.keep(ended))
    )
    done(place.terminates() if how == "terminate" else place.follows("--stop", RUN))
    assert place.job() == ended
    assert "StopProcessingJob" not in place.sagemaker.actions
