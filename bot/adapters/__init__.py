"""The ports made real: threads, repository and runs in a folder, and pages over http.

Nothing here decides. An adapter may read a clock, a file and the network, never the environment.
"""
