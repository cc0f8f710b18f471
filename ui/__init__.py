"""The window: shows and asks; services decide."""
