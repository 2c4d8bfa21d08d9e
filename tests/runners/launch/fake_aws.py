"""AWS for tests: moto, behind a proxy that refuses what AWS refuses and moto doesn't.

The proxy knows who may do what (`fake_iam`), which arguments AWS takes (`aws_shapes`), how EC2
answers (`fake_ec2`), throttling, and answers that are lost. What is not modelled stands in those
modules; beside that: regions, networks, S3's consistency, and machines that start anything.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeAlias
from xml.sax.saxutils import escape

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.loaders import JSONFileLoader
from loopback import LoopbackServer
from moto.server import ThreadedMotoServer

from launch import fake_ec2
from launch.aws_calls import AwsCall, parsed
from launch.aws_shapes import complaints
from launch.fake_ec2 import Answer, Ec2State, RefusedError
from launch.fake_iam import IamState, assume_by_web_identity, check, may_miss, remember
from launch.iam_rights import ACCOUNT

REGION = "us-west-2"
KEYS = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
NOT_PASSED_ON = {"accept-encoding", "expect"}  # the proxy answers these itself


@dataclass
class Fault:
    """What happens to `times` calls of an action, or of all (`*`): an error, or a dropped line.

    The first `skip` calls are answered as ever. `after` lets a call take effect first; `hook` is
    called in between. `headers` are those of GitHub's answer.
    """

    action: str
    code: str | None = None
    status: int = 500
    times: int = 1
    after: bool = False
    skip: int = 0
    hook: Callable[[], None] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def due(faults: list[Fault], action: str) -> Fault | None:
    """The fault that this call meets; it counts as met."""
    for fault in faults:
        if fault.action not in (action, "*"):
            continue
        if fault.skip:
            fault.skip -= 1
        elif fault.times:
            fault.times -= 1
            return fault
    return None


@dataclass
class Call:
    action: str
    body: bytes


Offers: TypeAlias = tuple[tuple[float, ...], ...]
"""Of the products that a price list has of a type, the prices of each one's dimensions."""


@dataclass
class FakeAws:
    """A running moto and its proxy, which `address` leads to."""

    moto: str
    address: str = ""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    ec2: Ec2State = field(default_factory=Ec2State)
    iam: IamState = field(default_factory=IamState)
    prices: dict[tuple[str, str], float | Offers] = field(default_factory=dict)
    quotas: dict[str, float] = field(default_factory=dict)
    default_quotas: dict[str, float] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def client(self, service: str) -> Any:
        """A client that goes past the proxy; made once, which takes longer than to use it."""
        if service not in self.clients:
            self.clients[service] = boto3.client(
                service, endpoint_url=self.moto, region_name=REGION, **KEYS
            )
        return self.clients[service]

    def machines(self, *states: str) -> list[Any]:
        pages = self.client("ec2").describe_instances()["Reservations"]
        found = [one for page in pages for one in page["Instances"]]
        return [one for one in found if not states or one["State"]["Name"] in states]

    def actions(self) -> list[str]:
        return [call.action for call in self.calls]

    def on(self, action: str, happening: Callable[[], None]) -> None:
        """Lets something happen once such a call has taken effect, whose answer is lost."""
        self.faults.append(Fault(action, "InternalError", after=True, hook=happening))

    def state_of(self, host_id: str) -> str:
        (now,) = [m["State"]["Name"] for m in self.machines() if m["InstanceId"] == host_id]
        return str(now)

    def tags_of(self, name: str) -> dict[str, str]:
        """The tags of a machine or a Processing job; none of one that isn't there."""
        found = [one.get("Tags", []) for one in self.machines() if one["InstanceId"] == name]
        if not found and not name.startswith("i-"):
            arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/{name}"
            found = [self.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]]
        return {tag["Key"]: tag["Value"] for tags in found for tag in tags}

    def client_as(self, key: str, service: str) -> Any:
        """A client that goes through the proxy, with an access key."""
        name = f"{service} as {key}"
        if name not in self.clients:
            self.clients[name] = boto3.client(
                service,
                endpoint_url=self.address,
                region_name=REGION,
                aws_access_key_id=key,
                aws_secret_access_key="tests",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[name]

    def reset(self) -> None:
        """An empty account."""
        httpx.post(f"{self.moto}/moto-api/reset", timeout=60).raise_for_status()
        for kept in (self.faults, self.calls, self.ec2, self.iam, self.prices):
            kept.clear()
        self.quotas.clear()
        self.default_quotas.clear()

    def fault_for(self, action: str) -> Fault | None:
        with self.lock:
            return due(self.faults, action)


_read_model = cache(JSONFileLoader().load_file)


@contextmanager
def _quickly() -> Iterator[None]:
    """Lets botocore read each service's model once, and not for each session anew, and moto make no
    image of its own: both take longer than what most tests do.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: _read_model(path))
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        yield


@contextmanager
def fake_aws() -> Iterator[FakeAws]:
    with _quickly():
        yield from _running()


def _running() -> Iterator[FakeAws]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    state = FakeAws(f"http://{host}:{port}")
    with served(type("OfOne", (Proxy,), {"state": state})) as address:
        state.address = address
        state.reset()  # all of a process's motos share one account
        try:
            yield state
        finally:
            moto.stop()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address at which the handler answers, on loopback."""
    server = LoopbackServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(BaseHTTPRequestHandler):
    """A handler that answers all methods alike, without Nagle's pauses, and prints nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        raise NotImplementedError

    def handle_expect_100(self) -> bool:
        """S3's client waits a second for this before it sends a file."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def met(self, fault: Fault) -> str | None:
        """Lets happen what the fault says; returns its code, or None where the line is dropped."""
        if fault.hook:
            fault.hook()
        if fault.code is None:
            self.close_connection = True
            self.connection.close()
        return fault.code

    def send(
        self, status: int, kind: str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self.answer()

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815


class Proxy(Quiet):
    """Answers for the AWS that a subclass names as `state`."""

    state: FakeAws
    versions: Mapping[str, str] = {}

    def answer(self) -> None:
        self.versions = {}
        body = self.body()
        call = parsed(self.command, self.path, dict(self.headers), body)
        action = f"s3:{self.command}" if call.service == "s3" else call.action
        self.state.calls.append(Call(action, body))
        fault = self.state.fault_for(action)
        if fault is None:
            self.send(*self._refused_or_answered(call, body), self.versions)
        else:
            self._meet(fault, call, body)

    def _meet(self, fault: Fault, call: AwsCall, body: bytes) -> None:
        if fault.after:
            self._refused_or_answered(call, body)
        if (code := self.met(fault)) is not None:
            self.send(fault.status, *_error(call, code, "said the proxy"))

    def _refused_or_answered(self, call: AwsCall, body: bytes) -> Answer:
        try:
            return self._answered(call, body)
        except RefusedError as refusal:
            return refusal.status, *_error(call, refusal.code, str(refusal))

    def _answered(self, call: AwsCall, body: bytes) -> Answer:
        """What AWS answers, in its order: who, with what arguments, and only then what for."""
        iam = self.state.iam
        if call.action == "AssumeRoleWithWebIdentity":
            return 200, "text/xml", _session(assume_by_web_identity(iam, call.params))
        check(iam, call, self.state.tags_of)
        if wrong := complaints(call):
            code = "InvalidParameterValue" if call.service == "ec2" else "ValidationError"
            raise RefusedError(code, 400, "; ".join(wrong))
        if (told := self._told(call)) is not None:
            return 200, "application/x-amz-json-1.1", told
        to_moto = partial(self._to_moto, body)
        if call.service == "ec2":
            return fake_ec2.answered(self.state.ec2, call, to_moto, self.state.state_of)
        answer = to_moto()
        if call.service == "s3" and answer[0] == 404 and not may_miss(iam, call):
            raise RefusedError("AccessDenied", 403)
        if answer[0] == 200:
            remember(iam, call)
        return answer

    def _told(self, call: AwsCall) -> bytes | None:
        """Of prices and quotas, which moto has none of; None of all else."""
        match call.action:
            case "GetProducts":
                return _products(self.state.prices, call.params)
            case "GetServiceQuota" | "ListServiceQuotas":
                return _quotas(self.state.quotas, call.params)
            case "GetAWSDefaultServiceQuota" | "ListAWSDefaultServiceQuotas":
                return _quotas(self.state.default_quotas, call.params)
        return None

    def _to_moto(self, body: bytes) -> Answer:
        line = HTTPConnection(self.state.moto.removeprefix("http://"), timeout=30)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_PASSED_ON}
        line.request(self.command, self.path, body, headers)
        answer: HTTPResponse = line.getresponse()
        content, etag = answer.read(), answer.getheader("ETag")
        line.close()
        self.versions = {"ETag": etag} if etag else {}
        return answer.status, answer.getheader("Content-Type", "text/plain"), content


def _error(call: AwsCall, code: str, message: str) -> tuple[str, bytes]:
    """An error as the call's protocol has it."""
    if "x-amz-target" in call.headers:
        text = json.dumps({"__type": code, "message": message})
        return "application/x-amz-json-1.1", text.encode()
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if call.service == "s3":
        return "application/xml", error.encode()
    if call.service == "ec2":
        return "text/xml", f"<Response><Errors>{error}</Errors></Response>".encode()
    return "text/xml", f"<ErrorResponse>{error}</ErrorResponse>".encode()


def _products(prices: Mapping[tuple[str, str], float | Offers], params: Mapping[str, Any]) -> bytes:
    """AWS's price list: products as texts of JSON
    (https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html).
    """
    asked = {one["Field"]: one["Value"] for one in params["Filters"]}
    kind = asked.get("instanceType") or asked.get("instanceName") or asked["volumeApiName"]
    offers = prices.get((kind, asked["regionCode"]), ())
    products = [
        {str(n): {"pricePerUnit": {"USD": f"{price:.10f}"}} for n, price in enumerate(offer)}
        for offer in (offers if isinstance(offers, tuple) else ((offers,),))
    ]
    texts = [
        json.dumps({"terms": {"OnDemand": {"a": {"priceDimensions": dimensions}}}})
        for dimensions in products
    ]
    return json.dumps({"PriceList": texts}).encode()


def _quotas(quotas: Mapping[str, float], params: Mapping[str, Any]) -> bytes:
    """An account's quotas, or AWS's defaults, one by its code or all of them by their names. What
    an account has by default alone isn't among its own
    (https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html).
    """
    if code := params.get("QuotaCode"):
        if code not in quotas:
            raise RefusedError("NoSuchResourceException")
        return json.dumps({"Quota": {"QuotaCode": code, "Value": quotas[code]}}).encode()
    rows = [{"QuotaName": name, "Value": value} for name, value in quotas.items()]
    return json.dumps({"Quotas": rows}).encode()


def _session(key: str) -> bytes:
    """STS's answer: credentials of a role that was taken."""
    name = "AssumeRoleWithWebIdentity"
    credentials = (
        f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>tests</SecretAccessKey>"
        "<SessionToken>tests</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
    )
    result = f"<{name}Result><Credentials>{credentials}</Credentials></{name}Result>"
    return f"<{name}Response>{result}</{name}Response>".encode()
