"""Reads pages, documents, threads and GitHub's payloads; gives events and facts."""
