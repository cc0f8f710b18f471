"""The headless command `township`: a small file a subcommand."""
