"""Of all tests: an example may take its time, as no test asserts one, and none is remembered.

A client of httpx reads the certificates of all authorities when it is made, which takes longer than
most tests; here all share what the first has read, though none talks TLS.
"""

import ssl
from functools import cache

from hypothesis import settings

settings.register_profile("any machine", deadline=None, database=None)
settings.load_profile("any machine")
ssl.create_default_context = cache(ssl.create_default_context)
