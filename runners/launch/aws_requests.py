"""The exact RunInstances and CreateProcessingJob calls, so that they can be shown beforehand.

Pure: equal arguments give equal calls.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from runners.contract import Machine, RunRequest
from runners.contract.launch_toml import Configuration, SageMaker
from runners.launch.fleet import TAG, Fleet, tags
from runners.launch.ports import Order
from runners.launch.prices import price
from runners.launch.work import FOLDER, PackedWork

_SPOT = {
    "InstanceMarketOptions": {
        "MarketType": "spot",
        # One-time: a machine that AWS takes back is not started again behind our back.
        "SpotOptions": {
            "SpotInstanceType": "one-time",
            "InstanceInterruptionBehavior": "terminate",
        },
    }
}


def run_instances(configuration: Configuration, order: Order, attempt: int = 0) -> dict[str, Any]:
    """The arguments of RunInstances. An equal order and attempt have an equal client token
    (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
    """
    ec2, fleet = configuration.for_ec2(), Fleet.of(configuration)
    kind, subnet = order.candidate.type, order.candidate.subnet
    labels = _tag_list(tags(fleet, order.run_id, order.release, order.expires_at))
    return {
        "ClientToken": fleet.token(order.run_id, attempt, kind, subnet),
        "ImageId": ec2.image,
        "InstanceType": kind,
        "MinCount": 1,
        "MaxCount": 1,
        "SubnetId": subnet,
        "SecurityGroupIds": [ec2.security_group],
        "IamInstanceProfile": {"Name": ec2.role},
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
        },
        "BlockDeviceMappings": [
            {
                "DeviceName": ec2.root_device,
                "Ebs": {
                    "VolumeSize": ec2.disk_gib,
                    "VolumeType": "gp3",
                    "Encrypted": True,
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [
            {"ResourceType": resource, "Tags": labels} for resource in ("instance", "volume")
        ],
        "UserData": order.user_data,
        **(_SPOT if ec2.spot else {}),
    }


def _tag_list(labels: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in labels.items()]


_MOST_NAME = 63

LEAVE = timedelta(minutes=20)
"""Before the end of its life a job's work is asked to end; a shorter one has half of it."""


def job_name(configuration: Configuration, run_id: str) -> str:
    """The job's name, which AWS lets exist once: the same request is the same job."""
    name = Fleet.of(configuration).prefix + run_id
    if len(name) <= _MOST_NAME and not name.endswith("-"):
        return name
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return f"{name[: _MOST_NAME - 9].rstrip('-')}-{digest}"


def create_processing_job(
    configuration: Configuration, request: RunRequest, work: PackedWork
) -> dict[str, Any]:
    """The arguments of CreateProcessingJob.

    SageMaker itself moves no data in or out: the job fetches the packed work, by its digest, and
    earlier runs from where runs are kept, and keeps its journal there while it works, as any
    machine does.
    """
    sagemaker = configuration.for_sagemaker()
    name = job_name(configuration, request.run_id)
    place = ["--run", request.run_id, "--to", configuration.runs.rstrip("/")]
    words = [*place, "--minutes", f"{_minutes(configuration):.10g}", "launch"]
    return {
        "ProcessingJobName": name,
        "AppSpecification": {"ImageUri": sagemaker.image, "ContainerArguments": words},
        "RoleArn": sagemaker.role,
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": sagemaker.type,
                "VolumeSizeInGB": sagemaker.disk_gib,
            }
        },
        "StoppingCondition": {
            "MaxRuntimeInSeconds": int(configuration.lifetime / timedelta(seconds=1))
        },
        "Environment": _environment(configuration, name, work),
        **_network(sagemaker),
        "Tags": [
            {"Key": f"{TAG}repository", "Value": configuration.repository},
            {"Key": f"{TAG}release", "Value": request.release},
            {"Key": f"{TAG}run", "Value": request.run_id},
        ],
    }


def _minutes(configuration: Configuration) -> float:
    """How long a job registers, so that what it did is verified within its life."""
    return max(configuration.lifetime - LEAVE, configuration.lifetime / 2) / timedelta(minutes=1)


def machine_of_job(configuration: Configuration, job: str | None = None) -> Machine:
    """The job as reports name it."""
    sagemaker = configuration.for_sagemaker()
    cost = price(configuration, sagemaker.type, sagemaker.disk_gib)
    return Machine(
        launcher="sagemaker",
        type=sagemaker.type,
        region=configuration.region,
        id=job,
        price=round(cost.hour, 4),
        priced_on=cost.priced_on,
    )


def _environment(configuration: Configuration, job: str, work: PackedWork) -> dict[str, str]:
    """What the entrypoint and with-key.sh read. AWS takes 256 characters a value:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
    """
    document = machine_of_job(configuration, job).to_mapping()
    return {
        "AWS_REGION": configuration.region,
        "MACHINE": json.dumps(document, separators=(",", ":")),
        "WORK": f"{configuration.runs.rstrip('/')}/{FOLDER}/{work.name}",
        "WORK_SHA256": work.digest,
        **({"COMMIT": work.commit} if work.commit else {}),
        **({"LAMINDB_SECRET": secret} if (secret := configuration.lamindb_secret) else {}),
    }


def _network(sagemaker: SageMaker) -> dict[str, Any]:
    if sagemaker.security_group is None:
        return {}
    groups = [sagemaker.security_group]
    place = {"Subnets": list(sagemaker.subnets), "SecurityGroupIds": groups}
    return {"NetworkConfig": {"VpcConfig": place}}
