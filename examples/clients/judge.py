#!/usr/bin/env python3
"""Asks a neardup service which pages are new, and prints the new ones.

    dedup serve -db seen &
    python3 judge.py http://127.0.0.1:8080 < pages.jsonl > new.jsonl

Each line of the input is a page: {"url": ..., "text" or "html": ..., "time": ...}.
Only the standard library is used; the class Service can be copied into a crawler.
Pages are printed in the order of their verdicts: the first pages of a site wait
until the service has seen more of it, or until the end of the input.
"""

import json
import sys
import time
import urllib.error
import urllib.request


class Service:
    """A connection to "dedup serve"."""

    def __init__(self, address, token=None, tries=8):
        self.address = address.rstrip("/")
        self.token = token
        self.tries = tries
        self.after = 0  # number of the last verdict on a held page that was processed

    def request(self, path, body=None, kind="application/json"):
        """Returns the answer as text. Retries if the service is busy or cannot be
        reached; it is safe to repeat a request whose answer was lost."""
        for n in range(self.tries):
            req = urllib.request.Request(self.address + path, data=body)
            if body is not None:
                req.add_header("Content-Type", kind)
            if self.token:
                req.add_header("Authorization", "Bearer " + self.token)
            wait = min(0.1 * 2**n, 5)
            try:
                with urllib.request.urlopen(req, timeout=60) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as e:
                message = e.read().decode()
                if e.code not in (429, 503, 504) or n + 1 == self.tries:
                    raise RuntimeError(f"{path}: {e.code} {message.strip()}") from e
                wait = float(e.headers.get("Retry-After", wait))
            except (urllib.error.URLError, ConnectionError):
                if n + 1 == self.tries:
                    raise
            time.sleep(wait)

    def batch(self, path, pages):
        """Returns an answer for each page, in the same order."""
        body = "".join(json.dumps(p) + "\n" for p in pages).encode()
        text = self.request(path, body, "application/x-ndjson")
        answers = [json.loads(line) for line in text.split("\n") if line]
        for a in answers:
            if "error" in a:
                raise ValueError(f"page {a['line']}: {a['error']}")
        return answers

    def judge(self, pages):
        """Returns a verdict for each page."""
        return self.batch("/v1/judge", pages)

    def passages(self, pages, limit=16, texts=False):
        """Returns, for each page, the passages that it shares with stored pages. For a page
        without text, the text of the stored page with its id is used. Offsets are in bytes
        of UTF-8. The service must have been started with -passages."""
        query = f"?limit={limit}&texts={'true' if texts else 'false'}"
        return self.batch("/v1/passages" + query, pages)

    def released(self):
        """Yields verdicts on pages that were held, and then acknowledges them."""
        while True:
            answer = self.request(f"/v1/released?after={self.after}")
            if not answer:
                return
            for line in answer.splitlines():
                v = json.loads(line)
                yield v
                self.after = v["number"]

    def release(self):
        """Makes the service judge all held pages, at the end of a crawl."""
        self.request("/v1/release", b"{}")


def batches(lines, n):
    batch = []
    for line in lines:
        if line.strip():
            batch.append(json.loads(line))
        if len(batch) == n:
            yield batch
            batch = []
    if batch:
        yield batch


def main():
    service = Service(*sys.argv[1:3])
    counts = {}

    def process(verdict, text):
        counts[verdict["verdict"]] = counts.get(verdict["verdict"], 0) + 1
        if verdict["new"]:
            print(json.dumps({"id": verdict["id"], "text": text}))

    for pages in batches(sys.stdin, 100):
        for page, verdict in zip(pages, service.judge(pages)):
            if verdict["verdict"] != "held":
                process(verdict, page.get("text"))
        for verdict in service.released():
            process(verdict, verdict.get("text"))
    service.release()
    for verdict in service.released():
        process(verdict, verdict.get("text"))
    print(json.dumps(counts), file=sys.stderr)


if __name__ == "__main__":
    main()
