"""The map: a scene prepared from the registry, a canvas that paints it in tiles, and drawing on it."""
