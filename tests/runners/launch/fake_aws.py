"""AWS for tests: moto, behind a proxy that adds what moto doesn't know.

The proxy knows lack of capacity, throttling, answers that are lost, and that a client token stands
for one machine. It doesn't model IAM, quotas, prices, eventual consistency, or machines that start
anything.
"""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.server import ThreadedMotoServer

REGION = "us-west-2"
KEYS = {"aws_access_key_id": "tests", "aws_secret_access_key": "tests"}
NOT_PASSED_ON = {"accept-encoding", "expect"}  # the proxy answers these itself


@dataclass
class Fault:
    """What happens to `times` calls of an action, or of all (`*`): an error, or a dropped line.

    The first `skip` calls are answered as ever. `after` lets a call take effect first; `hook` is
    called in between.
    """

    action: str
    code: str | None = None
    status: int = 500
    times: int = 1
    after: bool = False
    skip: int = 0
    hook: Callable[[], None] | None = None


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


@dataclass
class FakeAws:
    """A running moto and its proxy, which `address` leads to."""

    moto: str
    address: str = ""
    faults: list[Fault] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tokens: dict[str, tuple[dict[str, list[str]], bytes]] = field(default_factory=dict)
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

    def fault_for(self, action: str) -> Fault | None:
        with self.lock:
            return due(self.faults, action)


@contextmanager
def fake_aws() -> Iterator[FakeAws]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    state = FakeAws(f"http://{host}:{port}")
    with served(_proxy(state)) as address:
        state.address = address
        try:
            yield state
        finally:
            moto.stop()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address at which the handler answers, on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _proxy(state: FakeAws) -> type[BaseHTTPRequestHandler]:
    class Proxy(Quiet):
        def answer(self) -> None:
            body = self.body()
            action = action_of(self, body)
            state.calls.append(Call(action, body))
            fault = state.fault_for(action)
            if fault is None:
                self.send(*self.passed_on(action, body))
                return
            if fault.after:
                self.passed_on(action, body)
            if fault.hook:
                fault.hook()
            if fault.code is None:
                self.close_connection = True
                self.connection.close()
                return
            self.send(fault.status, *_error(self, fault.code))

        def passed_on(self, action: str, body: bytes) -> tuple[int, str, bytes]:
            if action != "RunInstances":
                return self.to_moto(body)
            with state.lock:
                return self.run_instances(body)

        def run_instances(self, body: bytes) -> tuple[int, str, bytes]:
            """As EC2 keeps client tokens: the same machine, its state as it is now."""
            asked = parse_qs(body.decode())
            token = asked["ClientToken"][0]
            if token in state.tokens:
                known, answer = state.tokens[token]
                if known != asked:
                    return 400, *_error(self, "IdempotentParameterMismatch")
                return 200, "text/xml", _with_state_of_now(state, answer)
            status, kind, answer = self.to_moto(body)
            if status == 200:
                state.tokens[token] = (asked, answer)
            return status, kind, answer

        def to_moto(self, body: bytes) -> tuple[int, str, bytes]:
            line = HTTPConnection(state.moto.removeprefix("http://"), timeout=30)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in NOT_PASSED_ON}
            line.request(self.command, self.path, body, headers)
            answer: HTTPResponse = line.getresponse()
            content = answer.read()
            line.close()
            return answer.status, answer.getheader("Content-Type", "text/plain"), content

    return Proxy


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

    def send(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
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


def action_of(request: BaseHTTPRequestHandler, body: bytes) -> str:
    """What AWS calls the call: `RunInstances`, `CreateSecret`, or S3's method."""
    if target := request.headers.get("X-Amz-Target"):
        return target.partition(".")[2]
    form = parse_qs(body.decode()) if b"Action=" in body else {}
    return form["Action"][0] if form else f"s3:{request.command}"


def _error(request: BaseHTTPRequestHandler, code: str) -> tuple[str, bytes]:
    if request.headers.get("X-Amz-Target"):
        text = json.dumps({"__type": code, "message": f"{code}, said the proxy"})
        return "application/x-amz-json-1.1", text.encode()
    error = f"<Error><Code>{code}</Code><Message>{code}, said the proxy</Message></Error>"
    return "text/xml", f"<Response><Errors>{error}</Errors></Response>".encode()


def _with_state_of_now(state: FakeAws, answer: bytes) -> bytes:
    text = answer.decode()
    (host_id,) = re.findall(r"<instanceId>(.*?)</instanceId>", text)
    (now,) = [m["State"]["Name"] for m in state.machines() if m["InstanceId"] == host_id]
    return re.sub(
        r"(<instanceState>.*?<name>).*?(</name>)", rf"\g<1>{now}\g<2>", text, flags=re.DOTALL
    ).encode()
