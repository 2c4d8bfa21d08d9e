"""What is typed on the machine's side: steps of a run, machines, and what developers need."""
