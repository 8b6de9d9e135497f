"""A Scrapy pipeline that asks a neardup service about each page, and drops pages that
repeat others.

    dedup serve -db seen &

    # settings.py, with this file and judge.py in the path
    ITEM_PIPELINES = {"scrapy_pipeline.NewPages": 300}
    NEARDUP_URL = "http://127.0.0.1:8080"
    NEARDUP_TOKEN_FILE = "token"  # if the service needs a token

An item needs the fields "url", and "html" or "text". Items that are near-duplicates,
only the frame of their site, or without text are dropped, and the verdict is logged.
The first pages of a site are dropped too, because the service holds them until it knows
the site. When the spider is closed, those that turn out to be new are written to the
file in NEARDUP_HELD, one JSON object per line, with id and text.

Requests block the spider for a few milliseconds each. An item is acknowledged once
its verdict is durable; an item that is sent again after a crash gets the same verdict.
"""

import json

from scrapy.exceptions import DropItem, NotConfigured

from judge import Service


class NewPages:
    def __init__(self, service, held):
        self.service = service
        self.held = held

    @classmethod
    def from_crawler(cls, crawler):
        url = crawler.settings.get("NEARDUP_URL")
        if not url:
            raise NotConfigured("NEARDUP_URL is not set")
        token = None
        if name := crawler.settings.get("NEARDUP_TOKEN_FILE"):
            with open(name, encoding="utf-8") as f:
                token = f.read().strip()
        return cls(Service(url, token), crawler.settings.get("NEARDUP_HELD", "held.jsonl"))

    def process_item(self, item):
        page = {k: item[k] for k in ("url", "html", "text") if item.get(k) is not None}
        verdict = self.service.judge([page])[0]
        if not verdict["new"]:
            raise DropItem(f"{page['url']}: {verdict['verdict']} {verdict.get('match', '')}".rstrip())
        return item

    def close_spider(self):
        self.service.release()
        with open(self.held, "a", encoding="utf-8") as f:
            for verdict in self.service.released():
                if verdict["new"]:
                    print(json.dumps({"id": verdict["id"], "text": verdict["text"]}), file=f, flush=True)
