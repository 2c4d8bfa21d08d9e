"""Who calls, and whether they may: roles as the stack makes them, taken by a web identity or a
machine. Keys that nobody took a role for are the account's administrator's.

Not modelled: signatures (of requests, and of GitHub's tokens), the end of credentials.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from launch.aws_calls import AwsCall
from launch.aws_shapes import MOST_POLICY, policy_size
from launch.fake_ec2 import RefusedError
from launch.iam_policies import Statement, allows, holds
from launch.iam_rights import ACCOUNT, Right, Tags, rights

GITHUB = "token.actions.githubusercontent.com"
# The claims of GitHub's tokens that a trust policy may ask about:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
_CLAIMS = (
    *("actor", "actor_id", "aud", "enterprise_id", "environment", "job_workflow_ref", "ref"),
    *("repository", "repository_id", "sub", "workflow"),
)


@dataclass
class Role:
    name: str
    trust: list[Statement]
    most_seconds: int = 3600
    policies: dict[str, list[Statement]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/{self.name}"

    @property
    def statements(self) -> list[Statement]:
        return [statement for policy in self.policies.values() for statement in policy]


@dataclass
class IamState:
    """`denied` are the rights that somebody lacked."""

    roles: dict[str, Role] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    keys: dict[str, Role] = field(default_factory=dict)
    denied: list[tuple[str, Right]] = field(default_factory=list)

    def clear(self) -> None:
        for kept in (self.roles, self.profiles, self.keys, self.denied):
            kept.clear()

    def key_for(self, role: Role) -> str:
        """A new access key that stands for the role."""
        key = f"ASIA{len(self.keys):016}"
        self.keys[key] = role
        return key

    def role_of_profile(self, profile: str) -> str:
        name = self.profiles.get(profile)
        return self.roles[name].arn if name else f"arn:aws:iam::{ACCOUNT}:role/{profile}"


def check(state: IamState, call: AwsCall, tags_of: Callable[[str], Tags]) -> None:
    """Raises RefusedError unless the caller may make the call."""
    role = state.keys.get(call.key)
    if role is None or call.action == "GetCallerIdentity":
        return
    for right in rights(call, tags_of, state.role_of_profile):
        if not allows(role.statements, right.action, right.resource, right.context):
            state.denied.append((role.name, right))
            code = "UnauthorizedOperation" if call.service == "ec2" else "AccessDenied"
            message = f"{role.name} is not authorized to perform {right.action} on {right.resource}"
            raise RefusedError(code, 403, message)


def may_miss(state: IamState, call: AwsCall) -> bool:
    """Whether the caller may know that an object isn't there; else S3 answers 403. Of one object S3
    asks without a prefix (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
    """
    role = state.keys.get(call.key)
    bucket = f"arn:aws:s3:::{call.params['Bucket']}"
    return role is None or allows(role.statements, "s3:ListBucket", bucket, {})


def remember(state: IamState, call: AwsCall) -> None:
    """Keeps what a call has made of roles, once moto has made it, too."""
    params = call.params
    if call.action == "CreateRole":
        trust = json.loads(params["AssumeRolePolicyDocument"])["Statement"]
        seconds = params.get("MaxSessionDuration", 3600)
        state.roles[params["RoleName"]] = Role(params["RoleName"], trust, seconds)
    elif call.action == "PutRolePolicy":
        role, document = state.roles[params["RoleName"]], json.loads(params["PolicyDocument"])
        role.sizes[params["PolicyName"]] = policy_size(document)
        if sum(role.sizes.values()) > MOST_POLICY:
            raise RefusedError("LimitExceeded", 409, f"{role.name}: {role.sizes} characters")
        role.policies[params["PolicyName"]] = document["Statement"]
    elif call.action == "AddRoleToInstanceProfile":
        state.profiles[params["InstanceProfileName"]] = params["RoleName"]


def assume_by_web_identity(state: IamState, params: Mapping[str, Any]) -> str:
    """The access key of a session: the trust policy is asked about the token's claims
    (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html).
    """
    role = next((one for one in state.roles.values() if one.arn == params["RoleArn"]), None)
    claims = _claims(params["WebIdentityToken"])
    context = {f"{GITHUB}:{name}": claims[name] for name in _CLAIMS if name in claims}
    trusted = role is not None and any(
        statement["Effect"] == "Allow"
        and statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        and GITHUB in str(statement["Principal"].get("Federated", ""))
        and holds(statement["Condition"], context)
        for statement in role.trust
    )
    if role is None or not trusted:
        raise RefusedError(
            "AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity"
        )
    if params.get("DurationSeconds", 3600) > role.most_seconds:
        raise RefusedError("ValidationError", 400, "DurationSeconds exceeds MaxSessionDuration")
    return state.key_for(role)


def web_identity_token(claims: Mapping[str, str]) -> str:
    """A token with these claims, as GitHub would sign it."""
    parts = [{"alg": "none"}, dict(claims), {}]
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    return b".".join(encoded).decode()


def _claims(token: str) -> Mapping[str, str]:
    payload = token.split(".")[1]
    claims: Mapping[str, str] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return claims
