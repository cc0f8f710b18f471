"""What a client knows and does; never imports Qt."""

__version__ = "0.1.0"
