"""The ports on GitHub, by PyGithub: issues, pull requests, workflow runs.

Nothing here decides. Whatever GitHub refuses becomes one sentence (BotError).
"""
