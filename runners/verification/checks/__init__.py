"""The checks of a verification: one pure function per question; `catalogue` has their titles."""
