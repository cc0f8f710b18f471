"""The device's end of the exchange."""

from sync.client.enrolling import Enrolment, enrol
from sync.client.exchanging import exchange
from sync.client.link import link_session
from sync.client.report import Progress, Report

__all__ = ["Enrolment", "Progress", "Report", "enrol", "exchange", "link_session"]
