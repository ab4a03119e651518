"""The SQLite file of an MLflow store, asked by SQL."""

import sqlite3
from typing import Any


def rows(uri: str, statement: str) -> list[Any]:
    with sqlite3.connect(uri.removeprefix("sqlite:///")) as database:
        return database.execute(statement).fetchall()
