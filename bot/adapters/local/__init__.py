"""The ports in a folder of this machine, for the bot that runs without GitHub."""
