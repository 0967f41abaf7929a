#!/usr/bin/env python3
"""A server that speaks as much of S3 as reading needs, with documents that it makes up as they are asked for. For measuring only.

    object-stub.py PORT IDS MEGABYTES    IDS: a file with one account id a line
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ids = open(sys.argv[2]).read().split()
size = int(sys.argv[3]) * 1_000_000
places = {f"scans/{name}_1_PASSPORT_FRONT.pdf": place for place, name in enumerate(ids)}
keys = sorted(places)
block = bytes(range(256)) * 256


class Stub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, length, more=()):
        self.send_response(status)
        for name, value in more:
            self.send_header(name, value)
        self.send_header("Last-Modified", "Mon, 30 Nov 2026 10:00:00 GMT")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def list(self, after):
        rest = [key for key in keys if key > after]
        page, is_cut = rest[:1000], len(rest) > 1000
        rows = "".join(
            f"<Contents><Key>{key}</Key><LastModified>2026-11-30T10:00:00.000Z</LastModified>"
            f"<ETag>\"{places[key]}\"</ETag><Size>{size}</Size></Contents>"
            for key in page
        )
        next_page = f"<NextContinuationToken>{page[-1]}</NextContinuationToken>" if is_cut else ""
        body = f"<ListBucketResult><IsTruncated>{str(is_cut).lower()}</IsTruncated>{next_page}{rows}</ListBucketResult>"
        body = body.encode()
        self.answer(200, len(body), [("Content-Type", "application/xml")])
        self.wfile.write(body)

    def do_HEAD(self):
        self.do_GET(is_head=True)

    def do_GET(self, is_head=False):
        url = urlsplit(self.path)
        asked = parse_qs(url.query)
        if "list-type" in asked:
            return self.list(asked.get("continuation-token", [""])[0])
        place = places.get(url.path.split("/", 2)[2])
        if place is None:
            return self.answer(404, 0)
        first, last, status, more = 0, size, 200, [("ETag", f'"{place}"')]
        if "Range" in self.headers:
            first, last = (int(part) for part in self.headers["Range"][6:].split("-"))
            last, status = min(last + 1, size), 206
            more.append(("Content-Range", f"bytes {first}-{last - 1}/{size}"))
        self.answer(status, last - first, more)
        if is_head:
            return None
        head = f"%PDF-1.7 {place}\n".encode()
        at = first
        try:
            while at < last:
                piece = head[at:] if at < len(head) else block
                piece = piece[: last - at]
                self.wfile.write(piece)
                at += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        return None


ThreadingHTTPServer.daemon_threads = True
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Stub).serve_forever()
