"""What only a real server on a real socket shows: framing, broken headers, closed connections, memory."""

import contextlib
import http.client
import socket
import threading

import httpx
import pytest
import uvicorn
from http_app import tiny_app

from support.polling import wait_until
from support.servers import free_port

HOST = "127.0.0.1"
LIMIT_BYTES = 200_000


@pytest.fixture(scope="module")
def port():
    app, _ = tiny_app(body_limit_bytes=LIMIT_BYTES)
    number = free_port()
    config = uvicorn.Config(app, HOST, number, log_config=None, access_log=False, server_header=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started, within_s=20)
    yield number
    server.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def speak(port, request):
    """Send bytes as they are; return all that comes back until the server closes."""
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65_536):
                answer += part
        return answer


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5",
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -5",
        b"Content-Length: 5x",
        b"Transfer-Encoding: xchunked\r\nContent-Length: 5",
    ],
)
def test_row_19_an_ambiguous_length_ends_the_connection(port, head):
    answer = speak(
        port, b"POST /v1/items HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n0\r\n\r\nGET /v1/me HTTP/1.1\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "header", [b"X-Request-ID: a\rb", b"X-Request-ID: a\x00b", b"X Request: a", b"X-Request-ID : a"]
)
def test_row_20_a_broken_header_is_refused(port, header):
    answer = speak(port, b"GET /v1/items/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + header + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_row_20_no_header_of_the_answer_can_be_split(port):
    answer = speak(port, b"GET /v1/items/%0d%0aSet-Cookie:%20x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nSet-Cookie" not in answer


@pytest.mark.parametrize("size", [LIMIT_BYTES + 1, 50 * LIMIT_BYTES])
@pytest.mark.parametrize("has_length", [True, False])
def test_row_13_a_body_over_the_limit_ends_the_connection(port, size, has_length):
    def parts():
        left = size
        while left:
            part = min(left, 65_536)
            yield b"x" * part
            left -= part

    content = b"x" * size if has_length else parts()
    response = httpx.post(
        f"http://{HOST}:{port}/v1/items", content=content, headers={"content-type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "payload_too_large")
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        (b"GET /" + b"a" * 10_240, b"", b"414"),
        (b"GET /", b"X: y\r\n" * 1_000, b"431"),
        (b"GET /", b"X: " + b"y" * 65_536 + b"\r\n", b"431"),
        (b"TRACE /v1/items/1", b"", b"405"),
    ],
)
def test_rows_17_and_18_hold_on_a_socket(port, request_line, headers, status):
    answer = speak(port, request_line + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + headers + b"\r\n")
    assert answer.split(b" ", 2)[1] == status
    assert b"application/problem+json" in answer


def test_a_connection_lives_on_after_a_refusal(port):
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        for path, status in [
            ("/nowhere", 404),
            ("/v1/failing/unknown", 500),
            ("/v1/search?x=1", 422),
            ("/v1/items/1", 200),
        ]:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            assert response.status == status
    finally:
        connection.close()


def test_head_is_answered_without_a_body_and_the_connection_stays_in_step(port):
    connection = http.client.HTTPConnection(HOST, port, timeout=20)
    try:
        connection.request("HEAD", "/v1/items/1")
        head = connection.getresponse()
        assert (head.status, head.read(), int(head.headers["content-length"])) == (200, b"", 29)
        connection.request("GET", "/v1/items/1")
        assert connection.getresponse().read() == b'{"amount":1,"currency":"USD"}'
    finally:
        connection.close()


def test_a_client_that_leaves_in_the_middle_of_its_body_does_no_harm(port):
    with socket.create_connection((HOST, port), timeout=20) as connection:
        connection.sendall(
            b"POST /v1/items HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )
    assert speak(port, b"GET /v1/items/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")
