"""CloudFormation for tests: a template and its parameters -> the calls that make its resources.

The calls go through the stand-in for AWS, so that it refuses what AWS would. Knows the functions
and types of `runners/launch/aws/ingestion.yaml`, and fails at others. Not modelled: updates,
deletion, and taking back what was made of a stack that failed
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from launch.fake_aws import REGION, FakeAws
from launch.iam_rights import ACCOUNT

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST_TEMPLATE, _MOST_DESCRIPTION, _MOST_PARAMETER = 51200, 1024, 4000
_PSEUDO = {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}


class StackError(Exception):
    """Why the stack isn't there, as CloudFormation says it."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc]  # it has no types
    """YAML with CloudFormation's short forms: `!Sub x` is `{Fn::Sub: x}`."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise StackError(f"!{suffix} of a mapping")
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def template_of(path: Path) -> dict[str, Any]:
    """The template without short forms. Raises StackError beyond CloudFormation's limits."""
    text = path.read_bytes()
    template: dict[str, Any] = yaml.load(text, _Loader)
    if len(text) > _MOST_TEMPLATE:
        raise StackError(f"the template has {len(text)} bytes, of {_MOST_TEMPLATE}")
    if len(template["Description"].encode()) > _MOST_DESCRIPTION:
        raise StackError("the description is too long")
    for name, parameter in template["Parameters"].items():
        if len(parameter.get("Description", "")) > _MOST_PARAMETER:
            raise StackError(f"parameter {name}: the description is too long")
    return template


@dataclass
class Stack:
    """A stack that is being made. `made` has what `Ref` gives of each resource, `attributes` what
    `GetAtt` does.
    """

    name: str
    amazon: FakeAws
    template: Mapping[str, Any]
    parameters: dict[str, Any]
    made: dict[str, str] = field(default_factory=dict)
    attributes: dict[tuple[str, str], str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.amazon.client_as("AKIACLOUDFORMATION", service)

    def make(self) -> "Stack":
        for name in self.template["Resources"]:
            self.resource(name)
        for name, output in self.template["Outputs"].items():
            self.outputs[name] = self.value(output["Value"])
        return self

    def resource(self, name: str) -> str:
        """What `Ref` gives, once the resource is there."""
        resource = self.template["Resources"][name]
        if not self.condition(resource.get("Condition")):
            raise StackError(f"{name}: isn't made under these conditions")
        if name not in self.made:
            properties = self.value(resource.get("Properties", {}))
            try:
                self.made[name] = _MAKERS[resource["Type"]](self, name, properties)
            except self.client("iam").exceptions.ClientError as error:
                raise StackError(f"CREATE_FAILED {name}: {error}") from error
        return self.made[name]

    def condition(self, name: str | None) -> bool:
        return name is None or bool(self.value(self.template["Conditions"][name]))

    def value(self, node: Any) -> Any:
        """A node of the template without functions."""
        if isinstance(node, list):
            return [self.value(part) for part in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1 and (function := _FUNCTIONS.get(next(iter(node)))):
            return function(self, next(iter(node.values())))
        parts = {key: self.value(part) for key, part in node.items()}
        return {key: part for key, part in parts.items() if part != _NO_VALUE}

    def ref(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        if name == "AWS::NoValue":
            return _NO_VALUE
        return _PSEUDO[name] if name in _PSEUDO else self.resource(name)

    def attribute(self, name: str, attribute: str) -> str:
        self.resource(name)
        return self.attributes[name, attribute]

    def text(self, text: str) -> str:
        def put(found: re.Match[str]) -> str:
            name, _, attribute = found[1].partition(".")
            return str(self.attribute(name, attribute) if attribute else self.ref(name))

        return re.sub(r"\$\{([^!}]+)\}", put, text)


_NO_VALUE = object()
_FUNCTIONS: dict[str, Callable[[Stack, Any], Any]] = {
    "Ref": lambda stack, name: stack.ref(name),
    "Fn::GetAtt": lambda stack, words: stack.attribute(*words),
    "Fn::Sub": lambda stack, text: stack.text(text),
    "Fn::If": lambda stack, words: stack.value(words[1 if stack.condition(words[0]) else 2]),
    "Fn::Equals": lambda stack, both: stack.value(both[0]) == stack.value(both[1]),
    "Fn::Not": lambda stack, words: not stack.value(words[0]),
    "Fn::Join": lambda stack, words: words[0].join(stack.value(words[1])),
    "Fn::Split": lambda stack, words: stack.value(words[1]).split(words[0]),
    "Fn::Select": lambda stack, words: stack.value(words[1])[int(words[0])],
}


def _make_provider(stack: Stack, name: str, properties: Mapping[str, Any]) -> str:
    arn: str = stack.client("iam").create_open_id_connect_provider(
        Url=properties["Url"], ClientIDList=properties["ClientIdList"], ThumbprintList=["a" * 40]
    )["OpenIDConnectProviderArn"]
    return arn


def _make_role(stack: Stack, name: str, properties: Mapping[str, Any]) -> str:
    iam, role = stack.client("iam"), f"{stack.name}-{name}-AbCdEfGhIjKl"
    asked = {
        key: properties[key] for key in ("Description", "MaxSessionDuration") if key in properties
    }
    trust = json.dumps(properties["AssumeRolePolicyDocument"])
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust, **asked)
    for policy in properties["Policies"]:
        iam.put_role_policy(
            RoleName=role,
            PolicyName=policy["PolicyName"],
            PolicyDocument=json.dumps(policy["PolicyDocument"]),
        )
    stack.attributes[name, "Arn"] = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    return role


def _make_profile(stack: Stack, name: str, properties: Mapping[str, Any]) -> str:
    iam, profile = stack.client("iam"), f"{stack.name}-{name}-AbCdEfGhIjKl"
    iam.create_instance_profile(InstanceProfileName=profile)
    (role,) = properties["Roles"]
    iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)
    stack.attributes[name, "Arn"] = f"arn:aws:iam::{ACCOUNT}:instance-profile/{profile}"
    return profile


def _make_group(stack: Stack, name: str, properties: Mapping[str, Any]) -> str:
    ec2 = stack.client("ec2")
    group: str = ec2.create_security_group(
        GroupName=f"{stack.name}-{name}-AbCdEfGhIjKl",
        Description=properties["GroupDescription"],
        VpcId=properties["VpcId"],
    )["GroupId"]
    rules = [
        {
            **{key: rule[key] for key in ("IpProtocol", "FromPort", "ToPort")},
            "IpRanges": [{"CidrIp": rule["CidrIp"], "Description": rule.get("Description", "")}],
        }
        for rule in properties["SecurityGroupEgress"]
    ]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)
    return group


def _make_log_group(stack: Stack, name: str, properties: Mapping[str, Any]) -> str:
    logs, group = stack.client("logs"), str(properties["LogGroupName"])
    logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(
        logGroupName=group, retentionInDays=int(properties["RetentionInDays"])
    )
    return group


_MAKERS: dict[str, Callable[[Stack, str, Any], str]] = {
    "AWS::IAM::OIDCProvider": _make_provider,
    "AWS::IAM::Role": _make_role,
    "AWS::IAM::InstanceProfile": _make_profile,
    "AWS::EC2::SecurityGroup": _make_group,
    "AWS::Logs::LogGroup": _make_log_group,
}


def create(amazon: FakeAws, name: str, path: Path, given: Mapping[str, str]) -> Stack:
    """The stack, made. Raises StackError with CloudFormation's reason."""
    template = template_of(path)
    if unknown := given.keys() - template["Parameters"].keys():
        raise StackError(f"Parameters {sorted(unknown)} do not exist in the template")
    parameters = {key: _parameter(key, one, given) for key, one in template["Parameters"].items()}
    stack = Stack(name, amazon, template, parameters)
    template["Resources"] = {
        key: one
        for key, one in template["Resources"].items()
        if stack.condition(one.get("Condition"))
    }
    return stack.make()


def _parameter(name: str, parameter: Mapping[str, Any], given: Mapping[str, str]) -> Any:
    value = given.get(name, parameter.get("Default"))
    if value is None:
        raise StackError(f"Parameters: [{name}] must have values")
    pattern = parameter.get("AllowedPattern")
    pattern = r"-?\d+(\.\d+)?" if parameter["Type"] == "Number" else pattern
    if pattern and not re.fullmatch(pattern, str(value)):
        raise StackError(f"Parameter {name} failed to satisfy constraint {pattern}")
    return str(value).split(",") if parameter["Type"] == "CommaDelimitedList" else value
