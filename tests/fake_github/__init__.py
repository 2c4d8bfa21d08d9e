"""A GitHub to test against: one repository on loopback, with state, tokens, events and faults.

Every request and answer is checked against GitHub's own OpenAPI document (openapi.json, made by
`trim`), every event against its webhook schemas. Must not know the bot.
"""
