"""The ports on GitHub, by PyGithub: issues, pull requests, workflow runs.

Whatever GitHub refuses becomes a BotError of one sentence.
"""
