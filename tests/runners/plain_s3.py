"""S3 and LaminHub on loopback, to which plain addresses lead: `s3://bucket/key`, as in production.

AWS_ENDPOINT_URL would say to `runners` that a lab has an endpoint of its own, about whose files
LaminDB asks LaminHub nothing. So botocore and TileDB are led here by variables that neither
`runners` nor LaminDB reads, and LaminDB by those of its own for another hub.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

Application = Callable[..., Iterable[bytes]]

WHO_MANAGES = "/rest/v1/rpc/get_storage_api_info_from_path"
"""What LaminDB asks LaminHub of a bucket; `[]` means that nobody manages it
(`_access_aws_route` in lamindb_setup/core/_hub_core.py)."""

ENDPOINT = "AWS_ENDPOINT_URL_S3"
"""botocore's variable; it holds in LaminDB's sessions too, which know no configuration file."""

HUB = "loopback"
"""An environment of LaminDB's that is none of Lamin's own: its hub is where SUPABASE_API_URL says
(`Environment` in lamindb_setup/core/_hub_client.py)."""


def variables(address: str) -> dict[str, str]:
    """An environment in which S3 and LaminHub are at this address, which nothing of ours can see.

    TileDB would else ask a host whose name begins with the bucket's.
    """
    scheme, _, host = address.partition("://")
    return {
        ENDPOINT: address,
        "TILEDB_VFS_S3_SCHEME": scheme,
        "TILEDB_VFS_S3_ENDPOINT_OVERRIDE": host,
        "TILEDB_VFS_S3_USE_VIRTUAL_ADDRESSING": "false",
        "LAMIN_ENV": HUB,
        "SUPABASE_API_URL": address,
        "SUPABASE_ANON_KEY": "sb_publishable_tests",
    }


def with_hub(s3: Application) -> Application:
    """LaminHub, which manages no bucket here, beside an S3."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != WHO_MANAGES:
            return s3(environ, start)
        start("200 OK", [("Content-Type", "application/json")])
        return [b"[]"]

    return answer


@contextmanager
def serving(s3: Application) -> Iterator[str]:
    """The address of an S3 and LaminHub."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it tells every request
    server = make_server("127.0.0.1", 0, with_hub(s3), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def moto() -> Application:
    """An S3 that holds nothing."""
    made: Application = DomainDispatcherApplication(create_backend_app)
    return made
