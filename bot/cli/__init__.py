"""The commands: for people, for the bot in a folder, and for workflow files."""
