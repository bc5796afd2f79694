"""Framing: no request may be read as two, whoever stands in front."""

import pytest
from security_house import is_up, said_raw

INNER = b"GET /v1/search/stays?limit=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = b"0\r\n\r\n" + INNER
VARIANTS = {
    "a length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "a list of lengths": b"Content-Length: 5, 6\r\n",
    "a length with a sign": b"Content-Length: +5\r\n",
    "a negative length": b"Content-Length: -5\r\n",
    "a length in hexadecimal": b"Content-Length: 0x5\r\n",
    "a length with a letter": b"Content-Length: 5x\r\n",
    "a length with a space in it": b"Content-Length: 1 5\r\n",
    "an empty length": b"Content-Length: \r\n",
    "a huge length": b"Content-Length: 99999999999999999999999\r\n",
    "an unknown encoding": b"Transfer-Encoding: xchunked\r\n",
    "an unknown encoding after chunks": b"Transfer-Encoding: chunked, identity\r\n",
    "chunks in brackets": b"Transfer-Encoding: [chunked]\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n",
    "a line that goes on": b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n",
    "a tab in the name": b"Transfer-Encoding\t: chunked\r\nContent-Length: 5\r\n",
    "a carriage return alone": b"X: a\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "a NUL in the name": b"Transfer-Encoding\x00: chunked\r\nContent-Length: 5\r\n",
    "a vertical tab before chunked": b"Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n",
    "a length in a header of another case": b"content-length: 5\r\nCONTENT-LENGTH: 7\r\n",
}
BAD_CHUNKS = {
    "a size that is none": b"x\r\n",
    "a negative size": b"-1\r\n\r\n",
    "a huge size": b"ffffffffffffffffff\r\n",
    "a size without an end": b"5;" + b"a" * 70_000,
}


@pytest.fixture(scope="module")
def site(safe_site):
    return safe_site


class TestARequestIsNeverReadAsTwo:
    """S43: every ambiguous length is answered 400 and the connection ends; what is hidden behind it is not answered."""

    @pytest.mark.parametrize("framing", VARIANTS.values(), ids=VARIANTS)
    def test_by_an_ambiguous_length(self, site, framing):
        head = b"POST /v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        answers, closed = said_raw(site.server.port, head + framing + b"\r\n" + CHUNKED, within_s=3)
        assert [status for status, _ in answers] == [400]
        assert closed
        assert b"items" not in answers[0][1]

    @pytest.mark.parametrize("chunk", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
    def test_by_a_broken_chunk(self, site, chunk):
        head = b"POST /v1/quotes HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n" + chunk + INNER
        answers, closed = said_raw(site.server.port, sent, within_s=3)
        assert all(status >= 400 for status, _ in answers)
        assert len(answers) <= 1
        assert closed or not answers

    def test_though_two_that_are_whole_are_two(self, site):
        last = INNER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        answers, closed = said_raw(site.server.port, INNER + last)
        assert [status for status, _ in answers] == [200, 200]
        assert closed

    def test_and_the_server_goes_on(self, site):
        assert is_up(site)
        assert "Traceback" not in site.server.output()
