"""A release's registration, step by step, and the smoke test before it."""
