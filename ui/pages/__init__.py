"""The pages of the window, a file each."""
