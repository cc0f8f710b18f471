"""One room for each duty that has behaviour of its own."""
