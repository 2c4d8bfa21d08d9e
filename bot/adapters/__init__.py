"""The ports' implementations: on GitHub, in a folder of this machine, and pages over http.

An adapter may read a clock, files and the network. Must not read the environment, nor decide.
"""
