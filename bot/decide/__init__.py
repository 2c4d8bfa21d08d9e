"""(events, facts) -> effects. Pure: a decision can be printed, compared and tested by itself."""
