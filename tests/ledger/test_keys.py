"""API keys as commands: made under a free name, revoked for good; and rates of exchange."""

from __future__ import annotations

import hashlib

import pytest
from msgspec.structs import replace

from tests.harness import ACME, BETA, TestClock, provision
from tollhouse.ledger import keys
from tollhouse.ledger.commands.exchange_rates import PutExchangeRate
from tollhouse.ledger.commands.keys import CreateKey, RevokeKey
from tollhouse.ledger.exchanging import RatePut
from tollhouse.ledger.facts import ExchangeRateFact, KeyFact
from tollhouse.ledger.keys import KeyCreated, KeyRevoked, key_id
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.refusals import KeyNameTaken, KeyRefused, KeysTooMany, KeyUnknown, RateRefused
from tollhouse.store.store import SqlStore

pytestmark = pytest.mark.usefixtures("tenant")


def key_of(name: str = "till", kind: str = "secret", text: str | None = None) -> CreateKey:
    hashed = hashlib.sha256((text or f"sk_{name}").encode()).hexdigest()
    return CreateKey(tenant_id=1, name=name, kind=kind, key_hash=hashed)


def made(ledger: Ledger, command: CreateKey) -> KeyFact:
    result: KeyCreated = ledger.execute(command).result
    return result.key


def revoked(ledger: Ledger, key: KeyFact) -> KeyRevoked:
    result: KeyRevoked = ledger.execute(RevokeKey(tenant_id=1, key_id=key_id(key))).result
    return result


def named(store: SqlStore, name: str) -> list[KeyFact]:
    with store.reading(1) as reader:
        return reader.find(KeyFact, name=name)


def test_a_key_is_kept_by_its_hash(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    key = made(ledger, key_of())
    assert named(store, "till") == [key] == [KeyFact(key_of().key_hash, 1, "till", "secret", clock.now(), None)]
    assert store.key(key.key_hash) == key


@pytest.mark.parametrize(
    "changes", [{"name": ""}, {"name": " "}, {"name": "x" * 256}, {"name": "\0"}, {"kind": "root"}]
)
def test_what_no_key_can_be_is_refused(store: SqlStore, ledger: Ledger, changes: dict[str, str]) -> None:
    with pytest.raises(KeyRefused, match=f"^{next(iter(changes))}: must "):
        ledger.execute(key_of(**{"text": "sk_other", **changes}))
    assert store.key(hashlib.sha256(b"sk_other").hexdigest()) is None


def test_a_name_is_free_again_once_its_key_is_revoked(store: SqlStore, ledger: Ledger) -> None:
    first = made(ledger, key_of())
    with pytest.raises(KeyNameTaken):
        ledger.execute(key_of(text="sk_second"))
    revoked(ledger, first)
    second = made(ledger, key_of(text="sk_second"))
    assert {key.key_hash: key.revoked_at is None for key in named(store, "till")} == {
        first.key_hash: False,
        second.key_hash: True,
    }


def test_of_two_in_one_batch_with_one_name_or_text_the_first_is_made(ledger: Ledger) -> None:
    outcomes = ledger.execute_batch(1, [key_of(), key_of(text="sk_other"), key_of("other", text="sk_till")])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt", "KeyNameTaken", "KeyRefused"]


def test_a_text_counts_once_for_ever(ledger: Ledger) -> None:
    revoked(ledger, made(ledger, key_of()))
    with pytest.raises(KeyRefused, match="secret: is in use"):
        ledger.execute(key_of("other", text="sk_till"))


def test_a_key_is_nothing_to_another_tenant(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    theirs = provision(store, BETA, clock).tenant.tenant_id
    key = made(ledger, key_of())
    with pytest.raises(KeyUnknown):
        ledger.execute(RevokeKey(tenant_id=theirs, key_id=key_id(key)))
    with pytest.raises(KeyRefused, match="secret: is in use"):
        ledger.execute(replace(key_of(), tenant_id=theirs))
    assert made(ledger, replace(key_of(text="sk_theirs"), tenant_id=theirs)).name == "till"


def test_revoking_again_says_that_it_was(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    key = made(ledger, key_of())
    at = clock.now()
    assert revoked(ledger, key) == KeyRevoked(replace(key, revoked_at=at), was_revoked=False)
    clock.advance(60)
    assert revoked(ledger, key) == KeyRevoked(replace(key, revoked_at=at), was_revoked=True)
    both = [RevokeKey(tenant_id=1, key_id=key_id(key))] * 2
    assert [outcome.result.was_revoked for outcome in ledger.execute_batch(1, both)] == [True, True]  # type: ignore[union-attr]


def test_revoked_twice_in_one_batch_it_is_revoked_once(ledger: Ledger) -> None:
    both = [RevokeKey(tenant_id=1, key_id=key_id(made(ledger, key_of())))] * 2
    assert [outcome.result.was_revoked for outcome in ledger.execute_batch(1, both)] == [False, True]  # type: ignore[union-attr]


def test_a_file_brings_no_revoked_key_back(store: SqlStore, ledger: Ledger, clock: TestClock) -> None:
    (server,) = named(store, "server")
    revoked(ledger, server)
    assert provision(store, ACME, clock).made == {}
    assert [key.revoked_at for key in named(store, "server")] == [clock.now()]


def test_no_tenant_has_more_keys_than_the_most(
    store: SqlStore, ledger: Ledger, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.reading(1) as reader:
        monkeypatch.setattr(keys, "KEYS_MAX", reader.count(KeyFact) + 1)
    first = made(ledger, key_of())
    with pytest.raises(KeysTooMany):
        ledger.execute(key_of("second"))
    revoked(ledger, first)
    assert made(ledger, key_of("second")).name == "second"


@pytest.mark.parametrize("named_by", ["", "0", "0" * 12, "f" * 12, "f" * 64, "%" * 12, "\0" * 12])
def test_revoking_what_is_no_key_is_refused(ledger: Ledger, named_by: str) -> None:
    with pytest.raises(KeyUnknown):
        ledger.execute(RevokeKey(tenant_id=1, key_id=named_by))


# Rates of exchange.


def put(ledger: Ledger, rate: str, to: str = "USD", at: int = 0) -> RatePut:
    command = PutExchangeRate(tenant_id=1, from_currency="gbp", to_currency=to, rate=rate, effective_at=at)
    result: RatePut = ledger.execute(command).result
    return result


def test_a_rate_is_put_over_the_one_of_its_instant(store: SqlStore, ledger: Ledger) -> None:
    assert put(ledger, "1.3000") == RatePut(ExchangeRateFact(1, "GBP", "USD", 0, "1.30"), is_new=True)
    assert put(ledger, "1.4").is_new is False
    assert put(ledger, "1.5", at=5).is_new is True
    with store.reading(1) as reader:
        rates = reader.find(ExchangeRateFact, order=("effective_at",), from_currency="GBP")
    assert [(rate.effective_at, rate.rate) for rate in rates] == [(0, "1.40"), (5, "1.50")]


@pytest.mark.parametrize(
    ("rate", "to", "at", "sentence"),
    [
        ("0", "USD", 0, "rate: must be above 0."),
        ("-1", "USD", 0, "rate: must be above 0."),
        ("1e3", "USD", 0, "rate: A decimal number is"),
        ("1" * 13, "USD", 0, "rate: The number may have at most 12 digits"),
        ("0." + "1" * 13, "USD", 0, "rate: The number may have at most 12 decimals"),
        ("1", "XYZ", 0, "to: must be an ISO 4217 currency."),
        ("1", "GBP", 0, "to: must be another currency than from."),
        ("1", "USD", 2**63, "time: is out of range."),
    ],
)
def test_a_rate_that_cannot_be_is_refused(ledger: Ledger, rate: str, to: str, at: int, sentence: str) -> None:
    with pytest.raises(RateRefused, match=f"^{sentence}"):
        put(ledger, rate, to, at)
