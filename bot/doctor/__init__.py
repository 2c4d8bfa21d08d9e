"""What a set-up lacks between here and a verified release: facts -> lines with their remedies.

Pure: `bot/adapters` and `bot/cli/doctor.py` look. What couldn't be looked at is unknown, never ok.
"""
