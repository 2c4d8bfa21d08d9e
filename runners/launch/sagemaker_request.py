"""One run -> the exact CreateProcessingJob call. Pure, so that it can be shown beforehand."""

import hashlib
import json
from datetime import timedelta
from typing import Any

from runners.contract import Machine, RunRequest
from runners.launch.configuration import Configuration, SageMaker
from runners.launch.fleet import TAG, Fleet
from runners.launch.prices import price

_MOST_NAME = 63


def job_name(configuration: Configuration, run_id: str) -> str:
    """The job's name, which AWS lets exist once: the same request is the same job."""
    name = Fleet.of(configuration).prefix + run_id
    if len(name) <= _MOST_NAME:
        return name
    digest = hashlib.sha256(run_id.encode()).hexdigest()[:8]
    return f"{name[: _MOST_NAME - 9].rstrip('-')}-{digest}"


def create_processing_job(configuration: Configuration, request: RunRequest) -> dict[str, Any]:
    """The arguments of CreateProcessingJob.

    No data goes in or out by SageMaker's hand: the job reads request, manifests and earlier runs
    where runs are kept, and keeps its journal there while it works, as any machine does.
    """
    sagemaker = configuration.for_sagemaker()
    name = job_name(configuration, request.run_id)
    words = ["--run", request.run_id, "--to", configuration.runs.rstrip("/"), "launch"]
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
        "Environment": _environment(configuration, name),
        **_network(sagemaker),
        "Tags": [
            {"Key": f"{TAG}repository", "Value": configuration.repository},
            {"Key": f"{TAG}release", "Value": request.release},
            {"Key": f"{TAG}run", "Value": request.run_id},
        ],
    }


def machine(configuration: Configuration, job: str | None = None) -> Machine:
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


def _environment(configuration: Configuration, job: str) -> dict[str, str]:
    told = machine(configuration, job).to_mapping()
    environment = {"AWS_REGION": configuration.region, "MACHINE": json.dumps(told)}
    if configuration.lamindb_secret:
        environment["LAMINDB_SECRET"] = configuration.lamindb_secret
    return environment


def _network(sagemaker: SageMaker) -> dict[str, Any]:
    if not sagemaker.subnets:
        return {}
    groups = [sagemaker.security_group] if sagemaker.security_group else []
    place = {"Subnets": list(sagemaker.subnets), "SecurityGroupIds": groups}
    return {"NetworkConfig": {"VpcConfig": place}}
