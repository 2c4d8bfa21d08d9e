"""Of all tests: an example may take its time, as no test asserts one, and none is remembered."""

from hypothesis import settings

settings.register_profile("any machine", deadline=None, database=None)
settings.load_profile("any machine")
