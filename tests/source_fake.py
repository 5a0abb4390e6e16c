"""A provider on loopback for the tests of sources. It holds every request against the provider's published schema (tests/schemas/sources/KIND.json: an
excerpt with origin and date) and every reply of its own as well, so that a test cannot agree with a mistake of the collector.

    provider = Provider("github", replies)      replies: {path: list or object, or a function(query, headers, body) -> (status, headers, body)}
    with provider.serve() as port: …            provider.faults lists what did not fit; provider.asked what was asked
"""
import contextlib
import http.server
import json
import os
import re
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "number": (int, float)}


def schema_of(kind):
    with open(os.path.join(HERE, "schemas", "sources", kind + ".json"), encoding="utf-8") as file:
        return json.load(file)


def faults_of(schema, value, where="reply"):
    """What does not fit: types, enumerations, required members; members beyond the excerpt are allowed."""
    if value is None:
        return [] if schema.get("nullable") or "type" not in schema else [f"{where}: null"]
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (kind in ("integer", "number") and isinstance(value, bool))):
        return [f"{where}: {value!r} is no {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where}: {value!r} is none of {schema['enum']}"]
    faults = []
    if kind == "array":
        for index, item in enumerate(value):
            faults += faults_of(schema.get("items", {}), item, f"{where}[{index}]")
    if kind == "object":
        faults += [f"{where}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, part in schema.get("properties", {}).items():
            if name in value:
                faults += faults_of(part, value[name], f"{where}.{name}")
    return faults


def matcher(path):
    return re.compile("".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in re.split(r"(\{\w+\})", path)) + "$")


class Provider:
    def __init__(self, kind, replies):
        self.schema, self.replies = schema_of(kind), replies
        self.faults, self.asked, self.port = [], [], 0

    def place(self, path):
        for pattern, place in self.schema["paths"].items():
            if matcher(pattern).match(path):
                return place
        return None

    def check_request(self, method, path, query, headers):
        place = self.place(path)
        if place is None:
            self.faults.append(f"{method} {path}: not in the published schema")
            return None
        if method != place.get("method", "GET"):
            self.faults.append(f"{method} {path}: wrong method")
        for name, value in query.items():
            known = place.get("query", {}).get(name)
            if known is None:
                self.faults.append(f"{path}: unknown parameter {name}")
            elif "enum" in known and value not in known["enum"]:
                self.faults.append(f"{path}: {name}={value}")
            elif known.get("type") == "integer" and not value.isdigit():
                self.faults.append(f"{path}: {name}={value}")
        for name, pattern in place.get("headers", self.schema.get("headers", {})).items():
            if not re.search(pattern, headers.get(name, "")):
                self.faults.append(f"{path}: header {name}: {headers.get(name)!r}")
        return place

    def answer(self, method, target, headers, body):
        path, _, text = target.partition("?")
        query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        self.asked.append((method, target))
        place = self.check_request(method, path, query, headers)
        reply = self.replies.get(path, self.replies.get(target))
        status, extra, content = 404, {}, {"message": "Not Found"}
        if callable(reply):
            status, extra, content = reply(query, headers, body)
        elif reply is not None:
            status, extra, content = 200, {}, reply
        if place is not None and "reply" in place and 200 <= status < 300 and not isinstance(content, bytes):
            self.faults += [f"{path}: {fault}" for fault in faults_of(place["reply"], content)]
        return status, extra, content if isinstance(content, bytes) else json.dumps(content).encode()

    @contextlib.contextmanager
    def serve(self):
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, extra, content = provider.answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                if "Content-Length" not in extra:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(content)
                if "Content-Length" in extra:
                    self.close_connection = True

            do_GET = do_POST = do

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.port = server.server_address[1]
        try:
            yield self.port
        finally:
            server.shutdown()
            server.server_close()


def pages(items, size, envelope):
    """A reply function that cuts items into pages numbered by `page`; envelope(part, number, last) makes content and headers."""
    def reply(query, headers, body):
        number = int(query.get("page", 1))
        last = max(1, -(-len(items) // size))
        return envelope(items[(number - 1) * size:number * size], number, last)
    return reply
