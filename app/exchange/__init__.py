"""Excel in and out, and documents."""
