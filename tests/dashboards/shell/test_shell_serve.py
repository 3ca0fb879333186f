"""radkit serve: where it listens, what it refuses, and the headers of every answer."""

import socket
import threading

import pytest

from radkit.volume import SettingError
from radkit_dashboards.shell import serve as serving


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.5", "::", "example.org", ""])
def test_other_machines_are_refused_in_one_sentence(address):
    with pytest.raises(SettingError, match="this machine only"):
        serving.serve({}, address=address, show=False, wait=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_is_allowed(address):
    assert serving.require_local(address) is None


def test_a_taken_port_is_refused_if_asked_for_and_avoided_if_not(monkeypatch):
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        taken = busy.getsockname()[1]
        with pytest.raises(SettingError, match=f"port {taken} is taken"):
            serving.choose_port(taken)
        monkeypatch.setattr(serving, "DEFAULT_PORT", taken)
        assert serving.choose_port(None) != taken


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_impossible_ports_are_refused(port):
    with pytest.raises(SettingError, match="1 to 65535"):
        serving.choose_port(port)


def test_policy_names_only_this_origin():
    transform = serving.security_headers(["127.0.0.1:5006"])(None)
    _, headers, chunk = transform.transform_first_chunk(200, {}, b"x", True)
    policy = headers["Content-Security-Policy"]
    assert chunk == b"x"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "*" not in policy


UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"


def head_of(port: int, path: str, extra: str = "") -> str:
    """Status line and headers of one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{extra}\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += wire.recv(65536)
    return received.partition(b"\r\n\r\n")[0].decode()


def test_every_answer_has_the_headers_and_a_strange_origin_gets_no_socket():
    import asyncio

    import panel as pn

    ready, box = threading.Event(), {}

    def run():
        asyncio.set_event_loop(asyncio.new_event_loop())
        server = serving.serve({"demo": lambda: pn.Column("demo")}, show=False, wait=False)
        box.update(server=server, port=server.port, loop=server.io_loop)
        server.io_loop.add_callback(ready.set)
        server.io_loop.start()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        for path, status in (("/demo", "200"), ("/nothing", "404"), ("/static/js/bokeh.min.js", "200")):
            head = head_of(box["port"], path)
            assert head.split()[1] == status
            assert "Content-Security-Policy: default-src 'self'" in head
            assert "X-Content-Type-Options: nosniff" in head
        strange = head_of(box["port"], "/demo/ws", UPGRADE + "Origin: http://evil.example\r\n")
        assert strange.split()[1] == "403"
    finally:
        box["loop"].add_callback(box["server"].stop)
        box["loop"].add_callback(box["loop"].stop)
        thread.join(10)
