"""The loop on the real GitHub, by a maintainer with a scratch repository: `make live`.

By default nothing calls it. `make live FAKE=1` plays it on the double.
"""
