"""A small WebSocket and HTTPS client (RFC 6455) for tests: standard library only, blocking, with deadlines."""

import base64
import hashlib
import http.client
import json
import os
import socket
import ssl
import struct
import time


class Closed(Exception):
    """The other side closed the connection, or it broke."""


class WsClient:
    def __init__(self, port, path, ca_file, deadline_s=10.0, buffer_bytes=0):
        """ca_file None: no TLS.  buffer_bytes: of the kernel, for readers that shall be slow."""
        self.socket = socket.socket()
        if buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.settimeout(deadline_s)
        self.socket.connect(("127.0.0.1", port))
        if ca_file is not None:
            context = ssl.create_default_context(cafile=ca_file)
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        self.headers = {}
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = self._head(time.monotonic() + deadline_s)
        lines = head.decode("latin-1").split("\r\n")
        if " 101 " not in lines[0]:
            raise Closed(f"no upgrade on {path}: {lines[0]}")
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        wanted = base64.b64encode(hashlib.sha1((key + guid).encode()).digest()).decode()
        if self.headers.get("sec-websocket-accept") != wanted:
            raise Closed("wrong sec-websocket-accept")

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("no frame before the deadline")
        self.socket.settimeout(left)
        try:
            more = self.socket.recv(65536)
        except socket.timeout:
            raise TimeoutError("no frame before the deadline") from None
        except (ssl.SSLError, ConnectionError) as error:
            raise Closed(str(error)) from None
        if not more:
            raise Closed("end of stream")
        self.buffer += more

    def _head(self, deadline):
        while b"\r\n\r\n" not in self.buffer:
            self._fill(deadline)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return head

    def _take(self, count, deadline):
        while len(self.buffer) < count:
            self._fill(deadline)
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        self.socket.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def send(self, text):
        self._send(0x1, text.encode())

    def send_json(self, value):
        self.send(json.dumps(value))

    def text(self, deadline_s=10.0):
        """The next text message, fragments put together; pings are answered."""
        deadline = time.monotonic() + deadline_s
        message = b""
        while True:
            head, = struct.unpack("!H", self._take(2, deadline))
            opcode, size = head >> 8 & 0xF, head & 0x7F
            if size == 126:
                size, = struct.unpack("!H", self._take(2, deadline))
            elif size == 127:
                size, = struct.unpack("!Q", self._take(8, deadline))
            payload = self._take(size, deadline)
            if opcode == 0x8:
                raise Closed("close frame")
            if opcode == 0x9:
                self._send(0xA, payload)
                continue
            if opcode == 0xA:
                continue
            message += payload
            if head & 0x8000:
                return message.decode()

    def json(self, deadline_s=10.0):
        return json.loads(self.text(deadline_s))

    def close(self):
        self.socket.close()


def get(port, path, ca_file, deadline_s=10.0):
    """GET over TLS: (status, headers in lower case, body)."""
    context = ssl.create_default_context(cafile=ca_file)
    link = http.client.HTTPSConnection("localhost", port, timeout=deadline_s, context=context)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
    finally:
        link.close()


def get_json(port, path, ca_file, deadline_s=10.0):
    status, _, body = get(port, path, ca_file, deadline_s)
    return status, json.loads(body)
