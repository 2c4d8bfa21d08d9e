"""What an instance holds, as plain values: a release's snapshot, a baseline, a transaction log."""
