"""A pipeline for Scrapy that drops pages which repeat others, by asking a neardup
service.

    dedup serve -db seen &

    # settings.py, with this file and judge.py in the path
    ITEM_PIPELINES = {"scrapy_pipeline.NewPages": 300}
    NEARDUP_URL = "http://127.0.0.1:8080"
    NEARDUP_TOKEN_FILE = "token"  # where the service has one

An item needs the fields "url", and "html" or "text". Items that are near-duplicates,
nothing but the frame of their site, or without text are dropped, with the verdict in
the log. The first pages of a site are dropped too: the service holds them until it knows
the site. NEARDUP_HELD names the file that takes those which turn out to be new, when the
spider is closed, a JSON object a line: id and text.

Requests block the spider for a few milliseconds each. The item is acknowledged when
the verdict is durable; an item that comes again after a crash gets the same verdict.
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
