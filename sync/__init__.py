"""The exchange between devices and their county."""
