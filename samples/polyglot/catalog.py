"""Lists items, with the stock of each as the Go service says it."""
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import URLError
from urllib.request import urlopen


class Catalog(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/healthz":
            return self.answer("ok")
        try:
            with urlopen("http://stock:8080/stock/tea", timeout=5) as answer:
                stock = answer.read().decode().strip()
        except URLError as error:
            stock = f"stock unknown ({error})"
        self.answer(f"tea, {stock}")

    def answer(self, text):
        body = f"{text}\n".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


print("catalog listens on 0.0.0.0:8080", flush=True)
ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8080"))), Catalog).serve_forever()
