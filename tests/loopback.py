"""A web server of the tests' own, on this machine."""

from http.server import ThreadingHTTPServer


class LoopbackServer(ThreadingHTTPServer):
    """Takes as many connections at once as come: of more than five, which is Python's default, the
    others are tried again by the kernel after a second. It ends as soon as it is told to.
    """

    request_queue_size = 128

    def serve_forever(self, poll_interval: float = 0.01) -> None:
        super().serve_forever(poll_interval)
