"""Outlines of grids in and out of GeoJSON files."""
