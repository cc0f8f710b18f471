"""What a record is: plain Python that everyone may read."""
