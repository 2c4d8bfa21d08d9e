"""moto's S3 behind a proxy that refuses a part of what is put, as S3 does when asked too often:
503, SlowDown (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html).

It doesn't model delays, nor puts that are kept though they are refused.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

SLOW_DOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""


class Refusing:
    """A WSGI application that refuses puts under a key by `shares`: its first folder -> share."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self._application = application
        self._chance = random.Random(0)
        self.shares: dict[str, float] = {}
        self.refused = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        prefix = f"{environ['PATH_INFO']}//".split("/")[2]
        is_put = environ["REQUEST_METHOD"] == "PUT"
        if is_put and self._chance.random() < self.shares.get(prefix, 0):
            self.refused += 1
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("503 Slow Down", [("Content-Type", "application/xml")])
            return [SLOW_DOWN]
        return self._application(environ, start_response)


@contextmanager
def served() -> Iterator[tuple[str, Refusing]]:
    """Its address, and what refuses there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it tells every request
    refusing = Refusing(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, refusing, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}", refusing
    finally:
        server.shutdown()
        thread.join()
