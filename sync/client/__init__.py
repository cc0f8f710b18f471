"""The device's end of the exchange."""

from sync.client.enrolling import Enrolment, enrol
from sync.client.everything import sync_all
from sync.client.exchanging import exchange
from sync.client.files import FilesReport, carry
from sync.client.link import link_session
from sync.client.report import Progress, Report

__all__ = ["Enrolment", "FilesReport", "Progress", "Report", "carry", "enrol", "exchange", "link_session", "sync_all"]
