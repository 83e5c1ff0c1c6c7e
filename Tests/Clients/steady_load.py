#!/usr/bin/env python3
"""Is anybody refused or cut off while a gateway changes under its clients?

steady_load.py HOST:PORT KEY MODEL

Asks for as long as it runs, in three ways at once: over connections that are kept, over a new one for each request, and in streams that
last some seconds. Says `begun` when each way has been answered once. SIGTERM ends it: it waits for what runs and prints one line of JSON,
{"kept": N, "fresh": N, "streams": N, "failures": [...]}.
"""

import http.client
import json
import signal
import sys
import threading
import time

WORKERS = {"kept": 4, "fresh": 2, "streams": 4}
PAUSE = 0.02


class Load:
    def __init__(self, address, key, model):
        self.host, _, port = address.rpartition(":")
        self.port = int(port)
        self.headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
        self.model = model
        self.lock = threading.Lock()
        self.counts = {name: 0 for name in WORKERS}
        self.failures = []
        self.stopping = threading.Event()

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=30)

    def ask(self, connection, stream=False, words=3):
        text = " ".join(["word"] * words)
        body = {"model": self.model, "stream": stream, "messages": [{"role": "user", "content": text}]}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), self.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def kept(self, connection):
        status, body = self.ask(connection)
        if status != 200:
            raise ValueError("%d %r" % (status, body[:200]))

    def fresh(self, _):
        connection = self.connect()
        try:
            self.kept(connection)
        finally:
            connection.close()

    def streams(self, connection):
        status, body = self.ask(connection, stream=True, words=60)
        if status != 200 or not body.rstrip().endswith(b"data: [DONE]") or body.count(b"word") < 60:
            raise ValueError("%d …%r" % (status, body[-200:]))

    def work(self, name):
        connection = self.connect()
        while not self.stopping.is_set():
            try:
                getattr(self, name)(connection)
                with self.lock:
                    self.counts[name] += 1
            except Exception as error:
                with self.lock:
                    self.failures.append("%s: %r" % (name, error))
                connection.close()
                connection = self.connect()
            time.sleep(PAUSE)
        connection.close()

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        threads = [
            threading.Thread(target=self.work, args=[name]) for name, count in WORKERS.items() for _ in range(count)
        ]
        for thread in threads:
            thread.start()
        said = False
        while not self.stopping.wait(0.02):
            if not said and all(self.counts.values()):
                print("begun", flush=True)
                said = True
        for thread in threads:
            thread.join()
        print(json.dumps(dict(self.counts, failures=self.failures[:20])), flush=True)


if __name__ == "__main__":
    Load(*sys.argv[1:]).run()
