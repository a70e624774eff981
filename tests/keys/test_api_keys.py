"""API keys: their form, and who may do what with which."""

import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.adapters.memory import MemoryApiKeyStore
from postcard.errors import BadRequest, Forbidden, NotFound, Unauthorized
from postcard.keys import api_keys as keys
from postcard.keys.api_keys import ApiKeyService

NOW = 1_795_341_600.0


@pytest.fixture
def records() -> MemoryApiKeyStore:
    return MemoryApiKeyStore()


@pytest.fixture
def ring(records: MemoryApiKeyStore) -> ApiKeyService:
    return ApiKeyService(records)


def code_of(ring: ApiKeyService, authorization: str | None, x_api_key: str | None = None) -> str:
    with pytest.raises(Unauthorized) as refused:
        ring.authenticate(authorization, x_api_key, now=NOW)
    assert refused.value.headers["WWW-Authenticate"].startswith('Bearer realm="postcard"')
    return refused.value.code


def test_a_key_is_postcard_and_forty_letters_and_digits() -> None:
    made = {keys.generate_api_key() for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"postcard_[0-9A-Za-z]{40}", key) for key in made)
    assert all(keys.is_well_formed(key) for key in made)


@given(st.text(keys.ALPHABET, min_size=34, max_size=34))
def test_the_last_six_are_the_crc_of_the_rest_in_base_62(body: str) -> None:
    number = 0
    for letter in keys.checksum(body):
        number = number * 62 + keys.ALPHABET.index(letter)
    assert number == zlib.crc32(body.encode())


@given(st.integers(0, 39), st.sampled_from(keys.ALPHABET))
def test_a_key_with_one_letter_changed_is_no_key(place: int, letter: str) -> None:
    key = keys.KEY_PREFIX + "a" * 34 + keys.checksum("a" * 34)
    place += len(keys.KEY_PREFIX)
    changed = key[:place] + letter + key[place + 1 :]
    assert keys.is_well_formed(changed) == (changed == key)


@given(st.text(max_size=60))
def test_other_texts_are_no_keys(text: str) -> None:
    assert not keys.is_well_formed(text)


def test_a_key_is_stored_as_its_sha_256_only(
    ring: ApiKeyService, records: MemoryApiKeyStore
) -> None:
    key, record = ring.create("Shop", ["images"], now=NOW)
    assert records.by_digest(keys.key_digest(key)) == record
    assert key not in repr(record)
    assert re.fullmatch(r"[0-9a-f]{64}", record.digest)


@pytest.mark.parametrize(
    ("authorization", "x_api_key"),
    [("Bearer {}", None), ("bearer  {} ", None), (None, "{}"), ("Basic dTpw", "{}"), ("", " {} ")],
)
def test_a_key_comes_as_bearer_or_as_x_api_key(
    ring: ApiKeyService, authorization: str | None, x_api_key: str | None
) -> None:
    key, record = ring.create("Shop", ["images"], now=NOW)
    sent = [text and text.format(key) for text in (authorization, x_api_key)]
    assert ring.authenticate(*sent, now=NOW, scope="images") == record


def test_no_key_is_missing_key(ring: ApiKeyService) -> None:
    for authorization in (None, "", "Bearer", "Bearer ", "Basic dTpw"):
        assert code_of(ring, authorization) == "missing_key"


def test_a_key_that_was_never_made_is_unknown_key(ring: ApiKeyService) -> None:
    for key in (keys.generate_api_key(), "postcard_short", "sk_live_something"):
        assert code_of(ring, f"Bearer {key}") == "invalid_key"
        assert code_of(ring, None, key) == "invalid_key"


def test_a_revoked_key_is_refused_at_once_and_keeps_its_time(ring: ApiKeyService) -> None:
    key, record = ring.create("Shop", ["images"], now=NOW - 9)
    assert ring.revoke(record.key_id, now=NOW).revoked_at == NOW
    assert ring.revoke(record.key_id, now=NOW + 5).revoked_at == NOW
    assert code_of(ring, f"Bearer {key}") == "revoked_key"


def test_revoking_what_is_not_there_is_not_found(ring: ApiKeyService) -> None:
    with pytest.raises(NotFound):
        ring.revoke("key_nothing", now=NOW)


def test_a_key_expires_at_its_second(ring: ApiKeyService) -> None:
    key, _ = ring.create("Shop", ["images"], now=NOW, expires_at=int(NOW) + 1)
    assert ring.authenticate(f"Bearer {key}", None, now=NOW).expires_at == int(NOW) + 1
    with pytest.raises(Unauthorized) as refused:
        ring.authenticate(f"Bearer {key}", None, now=NOW + 1)
    assert refused.value.code == "expired_key"


def test_a_key_without_the_scope_is_missing_scope(ring: ApiKeyService) -> None:
    key, _ = ring.create("Shop", ["images", "templates"], now=NOW)
    for scope in ("images", "templates"):
        ring.authenticate(f"Bearer {key}", None, now=NOW, scope=scope)
    for scope in ("batches", "admin"):
        with pytest.raises(Forbidden) as refused:
            ring.authenticate(f"Bearer {key}", None, now=NOW, scope=scope)
        assert refused.value.code == "missing_scope"


def test_a_confined_key_is_for_its_templates_only(ring: ApiKeyService) -> None:
    key, record = ring.create("Shop", ["images"], now=NOW, templates=["welcome"])
    ring.authenticate(f"Bearer {key}", None, now=NOW, template="welcome")
    with pytest.raises(Forbidden) as refused:
        ring.authenticate(f"Bearer {key}", None, now=NOW, template="other")
    assert refused.value.code == "template_not_allowed"
    keys.require_template(replace(record, templates=None), "other")


@pytest.mark.parametrize("scopes", [[], ["everything"], ["images", "root"]])
def test_a_key_has_scopes_that_there_are(ring: ApiKeyService, scopes: list[str]) -> None:
    with pytest.raises(BadRequest):
        ring.create("Shop", scopes, now=NOW)
    assert ring.list() == []
