"""The county's end: tables, rights, enrolment and the exchange."""
