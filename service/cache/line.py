"""One open connection to Redis: commands, and Lua scripts called by their hash.

A bare ``redis.Connection`` speaks TLS, passwords and sockets like the client around it, at a third of its cost for a
read. A line ``waiting`` for an answer takes no other command, so that no answer is ever taken for another's. Errors are
redis-py's own. ``Cache`` decides when to open, close or give up.
"""

import hashlib
import os
from typing import cast

import hiredis
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError

Word = str | bytes | int


class Line:
    """One connection of one thread in one process, and the key prefix of the server at its other end."""

    def __init__(self, connection: AbstractConnection) -> None:
        connection.connect()  # type: ignore[no-untyped-call]
        self._connection = connection
        self.pid = os.getpid()
        self.waiting = False
        self.prefix = f"fc:{self._server()}:"

    def ask(self, *words: Word) -> object:
        """Send one command and return its answer.

        Raises:
            redis.RedisError: when it fails.
        """
        self.send(*words)
        return self.receive()

    def send(self, *words: Word) -> None:
        """Send one command whose answer ``receive`` returns.

        Raises:
            ConnectionLost: when the answer before it was not received.
        """
        if self.waiting:
            raise ConnectionLost("an answer that nobody took is on the way")
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]  # the stub wants exactly one word
        self.waiting = True
        self._connection.send_packed_command([packed], check_health=False)  # type: ignore[no-untyped-call]

    def receive(self) -> object:
        """The answer to the command that was sent.

        Raises:
            redis.RedisError: when there is none, or the server refuses the command.
        """
        try:
            answer: object = self._connection.read_response()
        except ResponseError:
            self.waiting = False
            raise
        self.waiting = False
        return answer

    def close(self) -> None:
        """Close the connection; an answer under way is lost."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]

    def _server(self) -> str:
        try:
            lines = cast(bytes, self.ask("INFO", "server")).decode("ascii", "replace").splitlines()
        except ResponseError as refusal:
            raise ConnectionLost(f"INFO server: {refusal}") from refusal
        for line in lines:
            if line.startswith("run_id:"):
                return line[7:15]
        raise ConnectionLost("INFO server names no run_id")


class Script:
    """A Lua script, called by its hash; a server that lost it gets the text once more."""

    def __init__(self, text: str) -> None:
        self._by_hash = ("EVALSHA", hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), 1)
        self._by_text = ("EVAL", text, 1)

    def run(self, line: Line, customer_id: Word, *arguments: Word) -> bool:
        """Whether the script answered 1."""
        return self.answer(line, f"{line.prefix}{customer_id!s}", *arguments) == 1

    def answer(self, line: Line, key: str, *arguments: Word) -> object:
        """The script's answer for this key."""
        try:
            return line.ask(*self._by_hash, key, *arguments)
        except NoScriptError:
            return line.ask(*self._by_text, key, *arguments)
