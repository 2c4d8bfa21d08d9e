"""What EC2 does that moto doesn't: client tokens, machines that can't be seen yet, capacity.

Not modelled: prices, volumes of their own, machines that start anything, network interfaces.
"""

import base64
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from launch.aws_calls import AwsCall

Answer: TypeAlias = tuple[int, str, bytes]
IMAGE = "ami-0a1b2c3d"


class RefusedError(Exception):
    """AWS's answer, in place of moto's."""

    def __init__(self, code: str, status: int = 400, message: str = "") -> None:
        super().__init__(message or f"{code}, said the stand-in")
        self.code = code
        self.status = status


@dataclass
class Ec2State:
    """`unseen_looks` is how many looks a new machine is missing from
    (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html). `full` says of a
    type, or a type and a subnet, with which code AWS has none now
    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
    """

    unseen_looks: int = 1
    unseen: dict[str, int] = field(default_factory=dict)
    full: dict[tuple[str, ...], str] = field(default_factory=dict)
    images: set[str] = field(default_factory=lambda: {IMAGE})
    tokens: dict[str, tuple[Any, bytes]] = field(default_factory=dict)
    console: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def clear(self) -> None:
        self.unseen_looks = 1
        self.images, self.console = {IMAGE}, ""
        for kept in (self.unseen, self.full, self.tokens):
            kept.clear()


def answered(
    state: Ec2State, call: AwsCall, to_moto: Callable[[], Answer], state_of: Callable[[str], str]
) -> Answer:
    """EC2's answer to a call whose arguments are good and whose caller may make it."""
    if call.action == "RunInstances":
        with state.lock:
            return _run_instances(state, call, to_moto, state_of)
    for host_id in call.params.get("InstanceIds") or filter(None, [call.params.get("InstanceId")]):
        if not _is_seen(state, host_id):
            raise RefusedError("InvalidInstanceID.NotFound")
    if call.action == "GetConsoleOutput":
        # Without `Latest`, what was kept at a start some while ago: of a new machine, nothing
        # (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html).
        text = state.console if call.params.get("Latest") else ""
        output = f"<output>{base64.b64encode(text.encode()).decode()}</output>"
        return (
            200,
            "text/xml",
            f"<GetConsoleOutputResponse>{output}</GetConsoleOutputResponse>".encode(),
        )
    status, kind, content = to_moto()
    if call.action == "DescribeInstances" and status == 200:
        content = _without_unseen(state, content.decode()).encode()
    return status, kind, content


def _run_instances(
    state: Ec2State, call: AwsCall, to_moto: Callable[[], Answer], state_of: Callable[[str], str]
) -> Answer:
    """The same token gives the same machine, its state as it is now; of a machine that has ended
    AWS says so, and with other parameters it refuses
    (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html).
    """
    params, token = call.params, call.params["ClientToken"]
    if token in state.tokens:
        known, answer = state.tokens[token]
        (host_id,) = re.findall(r"<instanceId>(.*?)</instanceId>", answer.decode())
        if state_of(host_id) in ("shutting-down", "terminated"):
            raise RefusedError("IdempotentInstanceTerminated")
        if known != params:
            raise RefusedError("IdempotentParameterMismatch")
        return 200, "text/xml", _with_state(answer, state_of(host_id))
    if params["ImageId"] not in state.images:
        raise RefusedError("InvalidAMIID.NotFound")
    for place in ((params["InstanceType"],), (params["InstanceType"], params["SubnetId"])):
        if code := state.full.get(place):
            raise RefusedError(code, 500 if code == "InsufficientInstanceCapacity" else 400)
    if params.get("DryRun"):
        raise RefusedError("DryRunOperation", 412)
    status, kind, answer = to_moto()
    if status == 200:
        state.tokens[token] = (params, answer)
        for host_id in re.findall(r"<instanceId>(.*?)</instanceId>", answer.decode()):
            state.unseen[host_id] = state.unseen_looks
    return status, kind, answer


def _with_state(answer: bytes, now: str) -> bytes:
    text = re.sub(
        r"(<instanceState>.*?<name>).*?(</name>)",
        rf"\g<1>{now}\g<2>",
        answer.decode(),
        flags=re.DOTALL,
    )
    return text.encode()


def _is_seen(state: Ec2State, host_id: str) -> bool:
    """Whether a look shows the machine; it counts as a look."""
    left = state.unseen.get(host_id, 0)
    state.unseen[host_id] = max(0, left - 1)
    return left == 0


def _without_unseen(state: Ec2State, text: str) -> str:
    """DescribeInstances without the machines that can't be seen yet: ours are one a reservation."""
    head, *reservations = text.split("<reservationId>")
    kept = [head, *_seen(state, reservations)]
    return "<reservationId>".join(kept)


def _seen(state: Ec2State, reservations: list[str]) -> Iterator[str]:
    for reservation in reservations:
        looks = [_is_seen(state, name) for name in re.findall("<instanceId>(.*?)<", reservation)]
        if all(looks):
            yield reservation
        else:  # an empty reservation is what remains
            yield re.sub(
                r"<instancesSet>.*</instancesSet>", "<instancesSet/>", reservation, flags=re.DOTALL
            )
