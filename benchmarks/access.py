"""What access control adds to a request, in this process: CPU of each part beside that of one key's SHA-256.

    python -m benchmarks.access [--calls 100000]

Quota and its headers, a remembered API key, a remembered access token, the signing of one offer, and the packing of one
answer. The floor is the digest that finds a key at all; the ratios hold, the times are this machine's.
"""

import argparse
import time
from collections.abc import Callable

from service.core.domain import Client
from service.engine.auth.keys import Clients, key_digest, new_key
from service.engine.auth.quotas import Quotas
from service.engine.auth.signing import signature
from service.routes.http.middleware import rate_limit_headers
from service.routes.http.responses import pack, packed
from service.runtime.config import Settings

KEY, _ = new_key()
APP = Client("app", frozenset({"offers:read"}))
BODY = b'{"rank":1,"offer":"term-12m","reasons":[{"code":"idle","text":"Much of your balance earns little."}]}' * 28
DECISION = "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10"


def cpu_us(act: Callable[[], object], calls: int) -> float:
    """CPU microseconds of one call, the least of five rounds."""
    rounds = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(calls // 5):
            act()
        rounds.append((time.process_time() - begun) / (calls // 5) * 1e6)
    return min(rounds)


def parts() -> dict[str, Callable[[], object]]:
    """Each part by name; the floor first."""
    quotas, clients = Quotas(Settings(), lambda *_: 1), Clients(lambda _: APP)
    words = DECISION, "c-000001", "term-12m", "mobile_app", 1_795_570_200
    return {
        "floor: SHA-256 of a key": lambda: key_digest(KEY),
        "a remembered key": lambda: clients.client(KEY),
        "quota and its two headers": lambda: rate_limit_headers(quotas.spend(APP)),
        "signature of one offer": lambda: signature(b"k" * 32, *words),
        "a packed answer, remembered": lambda: packed(BODY),
        "an answer packed anew": lambda: pack(BODY),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=100_000)
    calls = parser.parse_args().calls
    measured = {name: cpu_us(act, calls if "anew" not in name else calls // 50) for name, act in parts().items()}
    floor = measured["floor: SHA-256 of a key"]
    for name, us in measured.items():
        print(f"{name:<30}{us:>9.2f} us{us / floor:>8.1f} x floor")


if __name__ == "__main__":
    main()
