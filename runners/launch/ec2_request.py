"""One order -> the exact RunInstances call. Pure, so that it can be shown before it is made."""

from collections.abc import Mapping
from typing import Any

from runners.launch.configuration import Configuration
from runners.launch.fleet import Fleet, tags
from runners.launch.ports import Order


def run_instances(configuration: Configuration, order: Order, attempt: int = 0) -> dict[str, Any]:
    """The arguments of RunInstances. An equal order and attempt have an equal client token."""
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


def _tag_list(labels: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in labels.items()]
