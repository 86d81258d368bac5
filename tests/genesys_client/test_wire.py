"""Against a real socket on loopback that misbehaves."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time

import pytest
import requests

from genesys_client import (
    DeadlineExceededError,
    GenesysClient,
    OperationCancelledError,
    OversizedPayloadError,
    PayloadError,
    ResponseError,
    ServerError,
    TransportError,
)
from tests.genesys_client.loopback import CERTIFICATE, server, whole
from tests.genesys_client.stand_in import Allowance

FOUND = b'{"id": "o", "name": "Acme"}'
GRACE_S = 0.5


def client_of(url):
    client = GenesysClient("the-id", "the-secret", api_url=url, login_url=url)
    client.authenticate(allow(10))
    return client


def allow(seconds):
    return Allowance(time.monotonic() + seconds)


def failure(url, error, seconds=1.0):
    """The error of one call and how long it took."""
    with client_of(url) as client:
        operation = allow(seconds)
        began = time.monotonic()
        with pytest.raises(error) as caught:
            client.organization.me(operation)
        return caught.value, time.monotonic() - began, operation


def drip(head, octet):
    def speak(connection, _request, stop):
        connection.sendall(head)
        while not stop.is_set():
            connection.sendall(octet)
            stop.wait(0.05)

    return speak


@pytest.mark.parametrize(
    "speak",
    [
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b" "), id="body"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), id="chunks"),
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"), id="headers"),
        pytest.param(drip(b"HTTP/1.1 200 ", b"O"), id="status line"),
        pytest.param(drip(b"HTTP/1.1 503 No\r\nContent-Length: 10000\r\n\r\n", b" "), id="body of an error"),
        pytest.param(drip(b"HTTP/1.1 302 No\r\nLocation: /x\r\nContent-Length: 10000\r\n\r\n", b" "), id="redirect"),
        pytest.param(lambda _connection, _request, stop: stop.wait(10), id="silence"),
    ],
)
def test_a_slow_server_cannot_hold_a_call_beyond_its_deadline(speak):
    with server(speak) as url:
        _, took, _ = failure(url, DeadlineExceededError, seconds=0.7)
    assert 0.65 <= took <= 0.7 + GRACE_S


def test_a_cancellation_ends_a_read_that_hears_nothing():
    reading = threading.Event()

    def silent(_connection, _request, stop):
        reading.set()
        stop.wait(10)

    with server(silent) as url, client_of(url) as client:
        operation = allow(10)
        threading.Thread(target=lambda: (reading.wait(5), operation.cancelled.set())).start()
        began = time.monotonic()
        with pytest.raises(OperationCancelledError):
            client.organization.me(operation)
    assert time.monotonic() - began < 1.5


def test_connections_are_kept_and_used_again():
    ports = set()

    def speak(connection, _request, _stop):
        ports.add(connection.getpeername()[1])
        connection.sendall(whole(FOUND))

    with server(speak) as url, client_of(url) as client:
        for _ in range(5):
            assert client.organization.me(allow(5)).name == "Acme"
    assert len(ports) == 1


def test_a_connection_survives_a_slow_answer_and_carries_a_large_request_after_it():
    """Short naps between reads must not stay behind as the timeout of the next send."""
    large = []

    def speak(connection, request, stop):
        large.append(len(request))
        stop.wait(0.5)
        connection.sendall(whole(b'{"results": [], "total": 0}' if b"search" in request[:60] else FOUND))

    with server(speak) as url, client_of(url) as client:
        client.organization.me(allow(5))
        client.agents.by_name("x" * 400_000, allow(5))
    assert large[1] > 400_000


def short_then_whole(first):
    answers = iter([first])

    def speak(connection, _request, _stop):
        answer = next(answers, None)
        connection.sendall(answer if answer is not None else whole(FOUND))
        if answer is not None:
            connection.shutdown(socket.SHUT_RDWR)

    return speak


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + FOUND, id="fewer bytes than promised"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\r\n", id="no last chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="nonsense chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-", id="cut in the headers"),
        pytest.param(b"", id="no answer"),
        pytest.param(b"hello\r\n\r\n", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", id="not the encoding it says"
        ),
    ],
)  # fmt: skip
def test_an_answer_that_breaks_off_is_asked_for_again(first):
    with server(short_then_whole(first)) as url, client_of(url) as client:
        operation = allow(10)
        assert client.organization.me(operation).name == "Acme"
        assert operation.spent == 2


def test_an_answer_that_is_whole_but_not_json_is_a_payload_error():
    with server(lambda c, _r, _s: c.sendall(whole(b'{"id": "o", "na'))) as url:
        error, _, operation = failure(url, PayloadError, seconds=5)
    assert operation.spent == 1
    assert "cut off" in str(error)


def test_a_reset_connection_is_a_transport_error_after_its_tries():
    def reset(connection, _request, _stop):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with server(reset) as url:
        error, _, operation = failure(url, TransportError, seconds=10)
    assert type(error) is TransportError
    assert operation.spent == 3


def test_a_refused_connection_is_a_transport_error():
    with server(lambda *_: None) as url:
        client = client_of(url)
    with client, pytest.raises(TransportError, match="connection"):
        client.organization.me(allow(5))


def test_a_body_without_end_is_cut_at_the_cap():
    def flood(connection, _request, stop):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        while not stop.is_set():
            connection.sendall(chunk)

    with server(flood) as url:
        _, took, _ = failure(url, OversizedPayloadError, seconds=10)
    assert took < 5


def test_a_compressed_body_is_measured_as_it_unfolds():
    bomb = gzip.compress(b" " * (64 * 1024 * 1024))
    assert len(bomb) < 100_000
    with server(lambda c, _r, _s: c.sendall(whole(bomb, headers="Content-Encoding: gzip\r\n"))) as url:
        failure(url, OversizedPayloadError, seconds=10)


def test_a_compressed_body_is_read():
    body = gzip.compress(FOUND)
    with server(lambda c, _r, _s: c.sendall(whole(body, headers="Content-Encoding: gzip\r\n"))) as url:
        assert client_of(url).organization.me(allow(5)).name == "Acme"


def test_an_error_with_a_giant_body_is_still_that_error(monkeypatch):
    monkeypatch.setattr("genesys_client.transport.BODY_CAP", 1000)
    with server(lambda c, _r, _s: c.sendall(whole(b" " * 5000, status="503 No"))) as url:
        error, _, _ = failure(url, ServerError, seconds=10)
    assert error.status == 503


def test_an_error_whose_body_breaks_off_is_still_that_error():
    def speak(connection, _request, _stop):
        connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 500\r\n\r\n{")
        connection.shutdown(socket.SHUT_RDWR)

    with server(speak) as url:
        error, _, _ = failure(url, ResponseError, seconds=5)
    assert error.status == 403


def test_a_redirect_leads_nowhere():
    visited = []
    with server(lambda c, r, _s: visited.append(r) or c.sendall(whole(FOUND))) as elsewhere:
        location = f"Location: {elsewhere}/\r\n"
        with server(lambda c, _r, _s: c.sendall(whole(b"", status="307 Go", headers=location))) as url:
            error, _, _ = failure(url, ResponseError, seconds=5)
    assert error.status == 307
    assert visited == []


def test_a_netrc_entry_replaces_neither_the_token_nor_the_credentials(tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth("http://127.0.0.1/") == ("mallory", "stolen")
    heads = []

    def speak(connection, request, _stop):
        heads.append(request)
        connection.sendall(whole(FOUND))

    with server(speak) as url, client_of(url) as client:
        client.organization.me(allow(5))
    assert b"Authorization: Bearer token-1\r\n" in heads[0]


def test_many_threads_share_one_client():
    def speak(connection, request, _stop):
        connection.sendall(whole(json.dumps({"id": request.split(b" ")[1].decode(), "name": "x"}).encode()))

    with server(speak) as url, client_of(url) as client:
        answers = {}

        def work(number):
            answers[number] = {client.agents.one(f"u{number}", allow(10)).id for _ in range(10)}

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert answers == {number: {f"/api/v2/users/u{number}?expand=team"} for number in range(16)}


def test_an_unreachable_first_address_of_a_name_leaves_time_for_the_next(monkeypatch):
    """Names have several addresses; a dead one costs no more than what is left, and the next one is tried."""
    with server(lambda c, _r, _s: c.sendall(whole(FOUND))) as url:
        port = int(url.rsplit(":", 1)[1])
        real = socket.getaddrinfo

        def two(host, *rest, **options):
            found = real("127.0.0.1" if host == "localhost" else host, *rest, **options)
            dead = [(*entry[:4], ("127.0.0.1", 1)) for entry in found] if host == "localhost" else []
            return dead + found

        monkeypatch.setattr(socket, "getaddrinfo", two)
        with client_of(f"http://localhost:{port}") as client:
            assert client.organization.me(allow(5)).name == "Acme"


# --- over TLS --------------------------------------------------------------------------------------------


@pytest.fixture
def trusted(monkeypatch):
    """The bundle comes from the environment, as operators behind inspecting proxies set it."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))


@pytest.mark.usefixtures("trusted")
def test_tls_connections_are_kept_and_used_again():
    ports = set()

    def speak(connection, _request, _stop):
        ports.add(connection.getpeername()[1])
        connection.sendall(whole(FOUND))

    with server(speak, tls=True) as url, client_of(url) as client:
        for _ in range(3):
            assert client.organization.me(allow(5)).name == "Acme"
    assert len(ports) == 1


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "speak",
    [
        pytest.param(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", b" "), id="drip"),
        pytest.param(lambda _connection, _request, stop: stop.wait(10), id="silence"),
    ],
)
def test_a_slow_server_cannot_hold_a_tls_call_beyond_its_deadline(speak):
    with server(speak, tls=True) as url:
        _, took, _ = failure(url, DeadlineExceededError, seconds=0.7)
    assert 0.65 <= took <= 0.7 + GRACE_S


def test_a_handshake_that_never_comes_ends_with_the_deadline():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with GenesysClient("the-id", "the-secret", api_url=url, login_url=url) as client:
            began = time.monotonic()
            with pytest.raises(DeadlineExceededError):
                client.organization.me(allow(0.7))
    assert time.monotonic() - began <= 0.7 + GRACE_S


def test_a_certificate_that_nobody_vouches_for_is_refused_once_and_for_all(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with (
        server(lambda c, _r, _s: c.sendall(whole(FOUND)), tls=True) as url,
        GenesysClient("the-id", "the-secret", api_url=url, login_url=url) as client,
    ):
        operation = allow(5)
        with pytest.raises(TransportError, match="TLS"):
            client.organization.me(operation)
    assert operation.spent == 1
