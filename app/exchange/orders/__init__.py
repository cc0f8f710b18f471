"""Work orders of other systems: read, compared with the cases that there are, taken in, answered."""
