"""The PostgreSQL that the tests run on: started by themselves, and an error where it can't be."""

from app.bench.postgres import PostgreSQL

__all__ = ["PostgreSQL"]
