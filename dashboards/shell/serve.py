"""`radkit serve`: the benches on a local port, with exact origins and security headers."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import panel as pn
from tornado.web import OutputTransform

from radkit.volume import SettingError

DEFAULT_PORT = 5006
# Bokeh needs inline and eval, Panel's components are loaded from blob: URLs; nothing else comes from anywhere else.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' blob: {sockets}; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)


def serve(
    apps: Mapping[str, Callable | str | Path], *, port: int | None = None, address: str = "127.0.0.1",
    show: bool = True, wait: bool = True,
):  # fmt: skip
    """Serve the apps ({"feature_bench": function or path of app.py}); returns the server, or blocks with ``wait``.

    ``port`` None: 5006, or a free one where that is taken; a port that was asked for and is taken is refused.
    Raises radkit.volume.SettingError with one sentence for any address but this machine's.
    """
    require_local(address)
    targets = {name: str(app) if isinstance(app, Path) else app for name, app in apps.items()}
    asked, port = port, choose_port(port, address)
    try:
        server = _listen(targets, port, address)
    except OSError as error:  # taken by somebody else since it was looked at
        if asked is not None or error.errno != errno.EADDRINUSE:
            raise
        port = _any_free(address)
        server = _listen(targets, port, address)
    server.start()
    print(f"radkit serves on {url(address, port)} (ctrl-c stops)", flush=True)
    if show:
        server.io_loop.add_callback(server.show, "/")
    if wait:
        server.run_until_shutdown()
    return server


def _listen(targets: dict[str, Any], port: int, address: str) -> Any:
    """A server that holds its port and sends the security headers, not started yet."""
    origins = [f"{host}:{port}" for host in sorted({"127.0.0.1", "localhost", _bracketed(address)})]
    server: Any = pn.serve(
        targets, port=port, address=address, websocket_origin=origins, show=False, start=False, title="radkit",
        verbose=False, admin=False,
    )  # fmt: skip
    server._tornado.add_transform(security_headers(origins))
    return server


def url(address: str, port: int) -> str:
    """The address to open in a browser.

    Examples
    --------
    >>> url("127.0.0.1", 5006)
    'http://127.0.0.1:5006'
    """
    return f"http://{_bracketed(address)}:{port}"


def require_local(address: str) -> None:
    """Refuse every address that another machine could reach: nothing here asks for a password yet.

    Examples
    --------
    >>> require_local("localhost")
    """
    try:
        local = address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        local = False
    if not local:
        raise SettingError(
            f"address is {address!r}; radkit serves this machine only (127.0.0.1), since a page without a password "
            "must not face a network. "
            f"From another machine use a tunnel: ssh -L {DEFAULT_PORT}:127.0.0.1:{DEFAULT_PORT} HOST."
        )


def choose_port(port: int | None, address: str = "127.0.0.1") -> int:
    """The port that was asked for if it is free, else SettingError; 5006 or a free one where none was asked for."""
    if port is None:
        return DEFAULT_PORT if _free(DEFAULT_PORT, address) else _any_free(address)
    if not 1 <= port <= 65535:
        raise SettingError(f"port is {port}; use a number from 1 to 65535.")
    if not _free(port, address):
        raise SettingError(f"port {port} is taken; stop what uses it, or leave the port out to get a free one.")
    return port


def security_headers(origins: list[str]) -> type[OutputTransform]:
    """A tornado transform that adds the security headers to every answer."""
    policy = POLICY.format(sockets=" ".join(f"ws://{origin}" for origin in origins))

    class SecurityHeaders(OutputTransform):
        def __init__(self, request):
            """Nothing is kept of the request."""

        def transform_first_chunk(self, status_code, headers, chunk, finishing):
            headers["Content-Security-Policy"] = policy
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"
            return status_code, headers, chunk

    return SecurityHeaders


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _free(port: int, address: str) -> bool:
    with socket.socket(_family(address)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except PermissionError as error:
            raise SettingError(f"port {port} needs administrator rights; use one from 1024 up.") from error
        except OSError:
            return False
    return True


def _any_free(address: str) -> int:
    with socket.socket(_family(address)) as probe:
        probe.bind((address, 0))
        return probe.getsockname()[1]
