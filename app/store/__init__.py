"""The encrypted SQLite copy of what this device may hold."""
