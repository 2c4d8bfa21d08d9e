"""What is missing at AWS before machines can be launched, a sentence a part.

Asks with whatever credentials it is given; what these may not look at is unknown, and never fine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from runners.contract import Health, PartHealth
from runners.contract.launch_toml import Configuration
from runners.h5ad.address import is_refused
from runners.launch.account import Account, MissingError, kept
from runners.launch.aws import LOG_IN, code_of, is_by_nobody, is_denied, is_passing
from runners.launch.ports import Candidate


@dataclass(frozen=True)
class _Part:
    """`look` returns what was seen, or raises. `must_allow`: a refusal of the credentials is the
    fault, because a launch has the same. What is to be done if AWS says no: `wrong` is corrected,
    and a role that may not is given the right as `template` does.
    """

    name: str
    look: Callable[[], str]
    must_allow: bool = False
    wrong: str = "[launch]"
    template: str = "ingestion.yaml"


def examine(configuration: Configuration, now: datetime) -> Iterator[PartHealth]:
    """Each part that a launch on EC2 or SageMaker needs, in the order in which it is needed; only
    the first one where AWS answers nobody.
    """
    account = Account(configuration)
    first = _found(_Part("credentials", account.credentials))
    yield first
    if first.health is not Health.OK:
        return
    for part in (*_common(account, now), *_of_ec2(account, now), *_of_sagemaker(account)):
        yield _found(part)


def examine_runs(runs: str, now: datetime) -> Iterator[PartHealth]:
    """Whether runs can be kept at this address, by a launcher that has no launch.toml."""
    look = partial(kept, runs, None, now)
    yield _found(_Part("runs", look, must_allow=True, wrong="RUNS", template="codebuild.yaml"))


def _common(account: Account, now: datetime) -> Iterator[_Part]:
    yield _Part("runs", partial(account.runs, now), must_allow=True)
    yield _Part("LaminDB's key", account.secret)


def _of_ec2(account: Account, now: datetime) -> Iterator[_Part]:
    ec2 = account.configuration.ec2
    if ec2 is None:
        return
    yield _Part(f"image {ec2.image}", partial(account.image, ec2))
    for subnet in ec2.subnets:
        yield _Part(f"way out of {subnet}", partial(account.way_out, subnet))
    for kind in ec2.types:
        yield _Part(f"quota for {kind}", partial(account.quota, ec2, kind))
    if ec2.spot:
        yield _Part("role for spot machines", account.spot_role)
    for kind in ec2.types:
        for subnet in ec2.subnets:
            look = partial(account.dry_run, Candidate(kind, subnet), now)
            yield _Part(f"launch of {kind} in {subnet}", look, must_allow=True)


def _of_sagemaker(account: Account) -> Iterator[_Part]:
    sagemaker = account.configuration.sagemaker
    if sagemaker is None:
        return
    yield _Part("image of Processing jobs", partial(account.job_image, sagemaker))
    yield _Part("role of Processing jobs", partial(account.job_role, sagemaker))
    yield _Part(f"quota for {sagemaker.type}", partial(account.job_quota, sagemaker))
    for subnet in sagemaker.subnets:
        yield _Part(f"way out of {subnet}", partial(account.way_out, subnet, is_job=True))


def _found(part: _Part) -> PartHealth:
    try:
        return PartHealth(part=part.name, health=Health.OK, sentence=part.look())
    except MissingError as error:
        health, text = Health.MISSING, str(error)
    except ClientError as error:
        details = error.response.get("Error", {})
        answer = f"AWS answers {code_of(error)} ({details.get('Message', '')})"
        health, remedy = Health.MISSING, f"correct {part.wrong}"
        if is_denied(error) and part.must_allow:
            remedy = f"take the launcher's role, or give it this right as {part.template} does"
        elif is_denied(error):
            health, remedy = Health.UNKNOWN, "look with credentials that may"
        elif is_by_nobody(error):
            remedy = LOG_IN
        elif is_passing(error):
            health, remedy = Health.UNKNOWN, "try again"
        text = f"{answer}; {remedy}."
    except NoCredentialsError:
        health, text = Health.MISSING, f"there are no credentials here; {LOG_IN}."
    except BotoCoreError as error:
        health, text = Health.UNKNOWN, f"AWS can't be asked ({error}); try again."
        if is_refused(error):
            health, text = Health.MISSING, f"the credentials are of no use ({error}); {LOG_IN}."
    return PartHealth.of_error(part.name, health, text)
