"""The pieces that pages are composed of; each takes plain data or callables."""
