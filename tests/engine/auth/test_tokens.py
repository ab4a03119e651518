"""Access tokens against a running service and a running key server: what is taken, and every forgery refused."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from service.core.errors import InvalidToken, Unavailable
from service.engine.auth.jwks import BACK_OFF_S, REFRESH_S, KeySet
from service.engine.auth.tokens import AccessTokens
from service.runtime.config import Settings
from tests.served import Served

ISSUER, AUDIENCE = "https://identity.bank.example", "fourcast"
RSA_KEY, STRANGER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
EC_KEY = ec.generate_private_key(ec.SECP256R1())
WEAK = rsa.generate_private_key(65537, 1024)
PUBLIC_PEM = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def public(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public half as a JWK."""
    algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    row: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return {**row, "kid": kid, **more}


class KeyServer:
    """A real HTTP server of one JWK set; ``rows`` may change, ``away`` makes it answer 500."""

    def __init__(self) -> None:
        here = self
        self.rows: list[dict[str, Any]] = []
        self.away, self.asked = False, 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                here.asked += 1
                body = json.dumps({"keys": here.rows}).encode()
                self.send_response(500 if here.away else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/keys"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def key_server() -> Iterator[KeyServer]:
    running = KeyServer()
    running.rows = [public(RSA_KEY, "r1"), public(EC_KEY, "e1")]
    yield running
    running.server.shutdown()


@pytest.fixture(scope="module")
def served(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    keys = KeyServer()
    keys.rows = [
        public(RSA_KEY, "r1", use="sig", alg="RS256"),
        public(EC_KEY, "e1"),
        public(WEAK, "weak"),
        public(STRANGER, "enc", use="enc"),
        {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
        {"kty": "nonsense"},
    ]
    settings = {"FOURCAST_JWT_ISSUER": ISSUER, "FOURCAST_JWT_JWKS": keys.url, "FOURCAST_JWT_PROGRAMS": "crm, batch"}
    running = Served(database_url, redis_url, tmp_path_factory.mktemp("home"), 1, **settings)
    yield running
    running.stop()
    keys.server.shutdown()


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    standard = {"iss": ISSUER, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300}
    found = {**standard, "scope": "offers:read profile", "customer_id": "c-1", **changes}
    return {name: value for name, value in found.items() if value is not ...}


def token(key: Any = RSA_KEY, algorithm: str = "RS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A good token, but for what is changed."""
    return jwt.encode(claims(**changes), key, algorithm, {"kid": "r1", "typ": "at+jwt", **(header or {})})


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(header: bytes, payload: bytes, sign: Callable[[bytes], bytes] | None = None) -> str:
    """A token of exactly these bytes, well signed unless told otherwise."""
    signed = f"{text(header)}.{text(payload)}"
    signature = (sign or (lambda message: RSAAlgorithm(RSAAlgorithm.SHA256).sign(message, RSA_KEY)))(signed.encode())
    return f"{signed}.{text(signature)}"


def header(**changes: Any) -> bytes:
    return json.dumps({"alg": "RS256", "kid": "r1", "typ": "at+jwt", **changes}).encode()


def body(**changes: Any) -> bytes:
    return json.dumps(claims(**changes)).encode()


def by_public_key(message: bytes) -> bytes:
    return hmac.digest(PUBLIC_PEM, message, hashlib.sha256)


def turned(good: str) -> str:
    """The last character changed in bits that base64 leaves over: the same signature bytes, written otherwise."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return good[:-1] + letters[letters.index(good[-1]) ^ 1]


def swapped(good: str, **changes: Any) -> str:
    first, _, last = good.split(".")
    return f"{first}.{text(body(**changes))}.{last}"


def timed(claim: str, value: str) -> str:
    """A token well signed, with one instant written so."""
    return by_hand(header(), body(**{claim: "here"}).replace(b'"here"', value.encode()))


NOW = time.time
FORGED: dict[str, Callable[[], str]] = {
    "no signature at all (alg none)": lambda: by_hand(header(alg="none"), body(), lambda _: b"x"),
    "alg none in other letters": lambda: by_hand(header(alg="nOnE"), body(), lambda _: b"x"),
    "an empty signature": lambda: by_hand(header(alg="none"), body(), lambda _: b""),
    "HS256 with the public key as the secret": lambda: by_hand(header(alg="HS256"), body(), by_public_key),
    "the right key by an algorithm off the list": lambda: token(algorithm="RS384"),
    "PS256": lambda: token(algorithm="PS256"),
    "an algorithm that is no text": lambda: by_hand(header(alg=["RS256"]), body()),
    "another's key under a known name": lambda: token(STRANGER),
    "a name that no key has": lambda: token(header={"kid": "r2"}),
    "the name of a key of another kind": lambda: token(header={"kid": "e1"}),
    "the name of a key for encryption": lambda: token(STRANGER, header={"kid": "enc"}),
    "the name of a key that is too short": lambda: by_hand(
        header(kid="weak"), body(), lambda message: RSAAlgorithm(RSAAlgorithm.SHA256).sign(message, WEAK)
    ),
    "the name of a shared secret": lambda: jwt.encode(claims(), b"secret" * 6, "HS256", {"kid": "shared"}),
    "no name of a key": lambda: by_hand(header(kid=None), body()),
    "a name that is a path": lambda: token(header={"kid": "../../dev/null"}),
    "expired": lambda: token(exp=int(NOW()) - 60),
    "not yet valid": lambda: token(nbf=int(NOW()) + 600),
    "issued in the future": lambda: token(iat=int(NOW()) + 600),
    "without an end": lambda: token(exp=...),
    "with an end that is text": lambda: by_hand(header(), body(exp=str(int(NOW()) + 300))),
    "with an end that is true": lambda: by_hand(header(), body(exp=True)),
    "with an endless end": lambda: by_hand(header(), body(exp=1).replace(b'"exp": 1', b'"exp": Infinity')),
    **{
        f"{claim} {value[:12]}": lambda claim=claim, value=value: timed(claim, value)
        for claim in ("exp", "iat", "nbf")
        for value in (
            "1e308",
            "1e999",
            "1" + "0" * 30,
            "1" + "0" * 400,
            "9" * 5000,
            "NaN",
            "-Infinity",
            "-1",
            '"9"',
            "{}",
        )
    },
    "another issuer": lambda: token(iss="https://identity.other.example"),
    "an issuer that only begins well": lambda: token(iss=ISSUER + ".evil.example"),
    "without an issuer": lambda: token(iss=...),
    "another audience": lambda: token(aud="payments"),
    "without an audience": lambda: token(aud=...),
    "without a subject": lambda: token(sub=...),
    "a subject with a line end": lambda: token(sub="anna\nroot"),
    "a customer that is a list": lambda: token(customer_id=["c-1", "c-2"]),
    "an empty customer": lambda: token(customer_id=""),
    "a customer and a branch": lambda: token(branch="siming"),
    "an extension that must be understood": lambda: token(header={"crit": ["exp"], "exp": 1}),
    "its own key brought along (jwk)": lambda: token(STRANGER, header={"jwk": public(STRANGER, "r1")}),
    "an address of keys (jku)": lambda: token(header={"jku": "https://evil.example/keys"}),
    "an address of certificates (x5u)": lambda: token(header={"x5u": "https://evil.example/cert"}),
    "certificates brought along (x5c)": lambda: token(header={"x5c": ["MIIB"]}),
    "a token in a token (cty)": lambda: token(header={"cty": "JWT"}),
    "another type": lambda: token(header={"typ": "logout+jwt"}),
    "a body exchanged under a good signature": lambda: swapped(token(), customer_id="c-2"),
    "a name used twice in the body": lambda: by_hand(header(), body()[:-1] + b', "customer_id": "c-2"}'),
    "a name used twice in the header": lambda: by_hand(header()[:-1] + b', "alg": "none"}', body()),
    "the same signature written otherwise": lambda: turned(token()),
    "padding": lambda: token() + "==",
    "a space inside": lambda: token().replace(".", ". ", 1),
    "a signature cut short": lambda: token()[:-8],
    "another part": lambda: token().rsplit(".", 1)[0] + "." + text(b"\x00" * 256),
    "a body that is a list": lambda: by_hand(header(), b"[]"),
    "a body that is deep": lambda: by_hand(header(), b'{"a":' + b"[" * 1500 + b"]" * 1500 + b"}"),
    "a huge one": lambda: token(padding="x" * 5600),
    "ES256 with a signature of zeros": lambda: by_hand(header(alg="ES256", kid="e1"), body(), lambda _: b"\0" * 64),
}


def ask(served: Served, bearer: str, customer: str = "c-1") -> requests.Response:
    url = f"http://127.0.0.1:{served.port}/v1/customers/{customer}/offers"
    return requests.get(url, headers={"Authorization": f"Bearer {bearer}"}, timeout=10)


def test_at_least_25_forgeries_are_tried() -> None:
    assert len(FORGED) >= 25


@pytest.mark.parametrize("how", FORGED)
def test_a_forged_token_opens_nothing(served: Served, how: str) -> None:
    assert ask(served, token()).status_code == 200, "the good one is taken in the same breath"
    answer = ask(served, FORGED[how]())
    assert answer.status_code == 401, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "good",
    [
        token,
        lambda: token(EC_KEY, "ES256", {"kid": "e1"}),
        lambda: token(header={"typ": "JWT"}),
        lambda: token(aud=["payments", AUDIENCE]),
        lambda: token(scope=..., scp=["offers:read"]),
        lambda: token(exp=int(time.time()) - 3),
        lambda: token(customer_id=..., client_id="crm"),
    ],
    ids=["RS256", "ES256", "typ JWT", "several audiences", "scp", "within the leeway", "a program of the bank"],
)
def test_a_good_token_reads_its_customer(served: Served, good: Callable[[], str]) -> None:
    bearer = good()
    assert ask(served, bearer).status_code == 200
    assert ask(served, bearer).status_code == 200, "and once more, as remembered"


def test_a_customers_token_reads_that_customer_and_nobody_else(served: Served) -> None:
    assert ask(served, token(), "c-2").status_code == 403
    assert ask(served, token(customer_id="c-2", sub="ben"), "c-1").status_code == 403


@pytest.mark.parametrize(
    "lacking",
    [
        lambda: token(scope=""),
        lambda: token(scope="profile openid"),
        lambda: token(scope={"offers:read": True}),
        lambda: token(scope="offers:reader"),
        lambda: token(customer_id=...),
        lambda: token(customer_id=..., client_id="app"),
        lambda: token(customer_id=..., client_id=["crm"]),
    ],
    ids=["no scope", "others' scopes", "a map", "almost", "bound to nobody", "not a program of ours", "a list"],
)
def test_a_token_that_is_good_and_not_enough_is_403(served: Served, lacking: Callable[[], str]) -> None:
    answer = ask(served, lacking())
    assert answer.status_code == 403
    assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_a_token_is_remembered_no_longer_than_it_lasts(served: Served) -> None:
    short = token(exp=int(time.time()) - 8)  # good by the leeway only: remembered not at all
    assert ask(served, short).status_code == 200
    time.sleep(4)
    assert ask(served, short).status_code == 401


# The keys


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_keys_read_once_serve_while_the_provider_is_away(key_server: KeyServer) -> None:
    clock = Clock()
    keys = KeySet(key_server.url, clock)
    keys.key("r1", "RS256")
    key_server.away = True
    for _ in range(20):
        clock.now += REFRESH_S
        keys.key("r1", "RS256")
    with pytest.raises(Unavailable):
        keys.key("r2", "RS256")


def test_before_any_key_could_be_read_nobody_can_tell(key_server: KeyServer) -> None:
    key_server.away = True
    with pytest.raises(Unavailable):
        KeySet(key_server.url).key("r1", "RS256")


def test_a_new_key_is_found_at_once_and_an_old_one_is_forgotten(key_server: KeyServer) -> None:
    clock = Clock()
    keys = KeySet(key_server.url, clock)
    keys.key("r1", "RS256")
    key_server.rows = [public(STRANGER, "r2")]
    clock.now += BACK_OFF_S
    keys.key("r2", "RS256")
    with pytest.raises(InvalidToken):
        keys.key("r1", "RS256")


def test_invented_names_do_not_hammer_the_provider(key_server: KeyServer) -> None:
    clock = Clock()
    keys = KeySet(key_server.url, clock)
    for number in range(200):
        with pytest.raises(InvalidToken):
            keys.key(f"invented-{number}", "RS256")
        clock.now += 0.1
    assert key_server.asked <= 200 * 0.1 / BACK_OFF_S + 1


def test_keys_may_stand_in_a_file(tmp_path: Any) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [public(EC_KEY, "e1")]}))
    settings = Settings(jwt_issuer=ISSUER, jwt_jwks=str(file))
    client = AccessTokens(settings, KeySet(str(file))).client(token(EC_KEY, "ES256", {"kid": "e1"}))
    assert (client.name, client.customer_id, client.scopes) == ("oauth:anna", "c-1", {"offers:read"})


def test_a_private_key_in_the_set_is_left_out(tmp_path: Any) -> None:
    row = json.loads(RSAAlgorithm.to_jwk(RSA_KEY)) | {"kid": "r1"}
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [row]}))
    with pytest.raises(InvalidToken):
        KeySet(str(file)).key("r1", "RS256")
