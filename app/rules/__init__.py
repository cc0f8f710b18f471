"""Pure rules of the field, as data in resources/rules: no Qt, no store, no clock of their own."""
