"""Every sentence that the bot says, as pure functions of plain values.

Nothing here decides or posts. All text that came from outside passes `escape`.
"""
