"""The device's end of the exchange."""

from sync.client.enrolling import Enrolment, enrol
from sync.client.exchanging import Report, exchange

__all__ = ["Enrolment", "Report", "enrol", "exchange"]
