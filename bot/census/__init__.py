"""What a census release is, read from the release page and the release directory.

Nothing in this package fetches, reads a clock or decides what to do about a release.
"""
