"""Measuring: the figures that `township bench` prints."""
