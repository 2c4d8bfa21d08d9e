"""The checks of a verification, one pure function a question; `all_checks` has their titles."""
