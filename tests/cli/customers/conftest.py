"""A store of its own for each test of a bank's files."""

from collections.abc import Iterator

import pytest

from service.store import Store
from tests.servers import MakeDatabase


@pytest.fixture
def opened(make_database: MakeDatabase) -> Iterator[tuple[Store, str]]:
    """An empty store, and its address."""
    url = make_database()
    store = Store(url, 5000)
    yield store, url
    store.close()
