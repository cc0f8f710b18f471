"""An HTTP session over a network that breaks where the test says."""

from __future__ import annotations

import requests
import urllib3
from requests.adapters import HTTPAdapter


class Broken(requests.Session):
    """Each request breaks in the next of *ways*; when they are used up, the network is whole.

    before: nothing is sent. body: cut after *after* bytes up. after: the county did it, the answer is lost.
    answer: cut after *after* bytes down. portal: a log-in page with status 200.
    """

    def __init__(self, ways, after):
        super().__init__()
        adapter = _Adapter(list(ways), after)
        self.mount("http://", adapter)


class _Adapter(HTTPAdapter):
    def __init__(self, ways, after):
        super().__init__()
        self._ways = ways
        self._after = after

    def send(self, request, **options):
        way = self._ways.pop(0) if self._ways else ""
        if way == "before":
            raise requests.ConnectionError("cut before")
        if way == "portal":
            return _page(request)
        if way == "body":
            request.body = _cut(request.body, self._after)
        answer = super().send(request, **options)
        if way == "after":
            answer.content  # noqa: B018 - reads it all, so that the county has done everything
            raise requests.ConnectionError("cut after")
        if way == "answer":
            answer.raw = _Half(b"".join(answer.iter_content(1024)), self._after)
            answer._content_consumed = False
            answer._content = False
        return answer


def _cut(body, after):
    sent = 0
    for piece in body:
        if sent + len(piece) >= after:
            yield piece[: max(after - sent, 1)]
            raise requests.ConnectionError("cut in the body")
        sent += len(piece)
        yield piece


class _Half:
    """The first bytes of an answer."""

    def __init__(self, content, after):
        self._content = content[:after] if after < len(content) else content[:-1]

    def stream(self, _amount, **_options):
        yield self._content
        raise urllib3.exceptions.ProtocolError("cut in the answer")

    def close(self):
        pass

    def release_conn(self):
        pass


def _page(request):
    page = requests.Response()
    page.status_code = 200
    page.url = request.url
    page.headers["Content-Type"] = "text/html"
    page._content = b"<html>please log in</html>"
    page._content_consumed = True
    return page
