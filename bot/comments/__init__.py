"""Every sentence that the bot says, as pure functions of plain values.

All text that came from outside passes `inert` or `code` of markdown, or `escaped` of schema_diff.
"""
