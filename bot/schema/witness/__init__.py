"""What other sources say of what a dataset schema document lays down.

The document decides; a source that says otherwise is told to a person, and never makes a refusal.
Must not fetch.
"""
