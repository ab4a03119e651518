"""A racer of its own process, with little to import."""

from multiprocessing.synchronize import Barrier
from queue import Queue

import requests


def compete(base: str, key: str, lead: str, adviser: str, start: Barrier, said: "Queue[tuple[str, int]]") -> None:
    """Claim at the same moment as seven others, over HTTP."""
    start.wait(300)
    answer = requests.post(f"{base}/v1/leads/{lead}/claim", json={"on_behalf_of": adviser},
                           headers={"Authorization": f"Bearer {key}"}, timeout=120)  # fmt: skip
    said.put((adviser, answer.status_code))
