"""The checks of a verification: one pure function per question; `all_checks` has their titles and order."""
