"""A custom handler with nothing but Python: each function is a path."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


def simple(query, _):
    return "text/plain", f"{os.environ['GREETING']}, {query['name'][0]}"


def with_outputs(_, envelope):
    body = envelope["Data"]["req"]["Body"]
    return reply({"Outputs": {"res": {"statusCode": 202, "body": "sent"}, "message": json.dumps(body)}})


def queue(_, envelope):
    return reply({"Logs": ["queue: " + json.loads(envelope["Data"]["myQueueItem"])]})


def timer(_, envelope):
    return reply({"Logs": [f"timer: {str(envelope['Data']['myTimer']['IsPastDue']).lower()}"]})


def reply(value):
    return "application/json", json.dumps(value)


FUNCTIONS = {
    "/api/SimpleHttpTrigger": simple,
    "/HttpTriggerWithOutputs": with_outputs,
    "/QueueTrigger": queue,
    "/TimerTrigger": timer,
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer("")

    def do_POST(self):
        self.answer(self.read())

    def read(self):
        """The body, which the host sends in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self, text):
        url = urlsplit(self.path)
        handle = FUNCTIONS.get(url.path)
        if handle is None:
            return self.send_error(404)
        kind, body = handle(parse_qs(url.query), json.loads(text) if text else None)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"])), Handler).serve_forever()
