"""Is the release in the instance as it should be? Reads the instance, never writes to it."""
