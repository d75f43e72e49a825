"""Who the user is: wallet → user, vendor-neutral. Pure: no I/O, clock, environment or randomness."""
