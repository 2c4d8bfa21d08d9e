"""`make bench`: what we do and what LaminDB's curator does, on the same files, in one run.

Asserts nothing: machines are noisy. Must not be imported by tests.
"""
