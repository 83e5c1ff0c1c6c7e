"""Answers what probes ask, well and badly, inside a namespace of the lab.

    answerer.py ADDRESS... CERTIFICATES

On each address: HTTP on 80, HTTPS on one port for each certificate (443, 444, ...), DNS on 53, and a listener on 25 that
accepts and says nothing. Prints a line when all of it listens.
"""

import socket
import ssl
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pages(BaseHTTPRequestHandler):
    """/well, /ill (503), /moved (302); the body says which."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status = {"/well": 200, "/ill": 503, "/moved": 302}.get(self.path, 404)
        body = f"all is {self.path[1:]} for {self.headers.get('Host')}\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def web(address, port, certificate=None):
    class Server(ThreadingHTTPServer):
        address_family = family(address)
        daemon_threads = True

        def server_bind(self):
            # Not the base class's: it looks its own name up.
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = address, port

    server = Server((address, port), Pages)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def names(address):
    """good.example.com has the addresses that are expected; any other name does not exist."""
    server = socket.socket(family(address), socket.SOCK_DGRAM)
    server.bind((address, 53))
    while True:
        query, client = server.recvfrom(512)
        good = b"\x04good\x07example\x03com\x00" in query
        kind = struct.unpack("!H", query[-4:-2])[0]
        data = socket.inet_pton(*((socket.AF_INET, "192.0.2.200") if kind == 1 else (socket.AF_INET6, "2001:db8::200")))
        head = query[:2] + struct.pack("!HHHHH", 0x8180 if good else 0x8183, 1, int(good), 0, 0)
        record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
        server.sendto(head + query[12:] + (record if good else b""), client)


def mute(address):
    server = socket.socket(family(address), socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 25))
    server.listen(64)
    kept = []
    while True:
        kept = (kept + [server.accept()])[-64:]


addresses = [word for word in sys.argv[1:] if not word.startswith("/")]
certificates = [word for word in sys.argv[1:] if word.startswith("/")]
for address in addresses:
    web(address, 80)
    for port, certificate in enumerate(certificates, 443):
        web(address, port, certificate)
    threading.Thread(target=names, args=(address,), daemon=True).start()
    threading.Thread(target=mute, args=(address,), daemon=True).start()
print("listening", flush=True)
threading.Event().wait()
