"""Who acts at a terminal by single sign-on: the subject of a verified access token, within its scopes."""

import ast
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from service import cli
from service.cache import Cache
from service.cli.actor import actor_of, compliance_of
from service.cli.bank.stack import Stack
from service.core.errors import Forbidden, InvalidInput, InvalidToken
from service.runtime.config import Settings
from service.store import Store

ISSUER = "https://identity.bank.example"
KEY, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


def token(subject: str, scope: str, key: Any = KEY) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": "fourcast", "sub": subject, "scope": scope, "client_id": "terminal"}
    return jwt.encode(claims | {"iat": now, "exp": now + 300}, key, "RS256", {"kid": "one"})


@pytest.fixture
def stack(database_url: str, redis_url: str, tmp_path: Path) -> Stack:
    keys = tmp_path / "jwks.json"
    keys.write_text(json.dumps({"keys": [{**json.loads(RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "one"}]}))
    settings = Settings(jwt_issuer=ISSUER, jwt_jwks=str(keys), jwt_programs=("terminal",))
    return Stack(settings, Store(database_url, 2000), Cache(redis_url))


def holding(stack: Stack, held: str, **more: Any) -> Stack:
    return replace(stack, settings=replace(stack.settings, token=held, **more))


def test_the_subject_of_a_token_acts_within_its_scopes(stack: Stack) -> None:
    anna = holding(stack, token("anna", "policies:write policies:comply"))
    assert actor_of(anna, None, "autumn", "policies:write") == ("oauth:anna", "autumn")
    assert compliance_of(anna, None, "read") == ("oauth:anna", "read")
    with pytest.raises(Forbidden, match="lacks the scope policies:approve"):
        actor_of(anna, None, "", "policies:approve")
    with pytest.raises(Forbidden, match='no mandate lets you act for "ben"'):
        actor_of(anna, "ben", "", "policies:write")


def test_a_token_that_is_not_the_providers_is_nobodys(stack: Stack) -> None:
    with pytest.raises(InvalidToken):
        actor_of(holding(stack, token("anna", "policies:approve", STRANGER)), None)
    with pytest.raises(InvalidInput, match="FOURCAST_JWT_ISSUER"):
        actor_of(holding(stack, token("anna", "policies:approve"), jwt_jwks=None), None)


def _literal_actors(path: Path) -> list[str]:
    """Places where a verb names its actor by a word of its own, as ``Actor("cli")`` or ``actor="demo"``."""
    found = []
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        named = [one.value for one in call.keywords if one.arg in ("actor", "client", "author", "signer")]
        first = call.args[:1] if getattr(call.func, "id", getattr(call.func, "attr", "")) in FIRST else []
        found += [
            f"{path.name}:{call.lineno}" for one in [*named, *first] if isinstance(one, ast.Constant) and one.value
        ]
    return found


FIRST = ("Actor", "append", "record_reading", "write", "renew", "anchor")
"""What takes the actor first."""


def test_no_verb_writes_under_a_name_of_its_own() -> None:
    folder = Path(str(cli.__file__)).parent
    assert [place for path in sorted(folder.rglob("*.py")) for place in _literal_actors(path)] == []
