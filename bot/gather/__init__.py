"""Pages, documents, threads and payloads -> events, and the facts that decisions rest on."""
