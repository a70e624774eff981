"""API keys: their format, authentication, scopes and templates."""

import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.adapters.memory import MemoryApiKeyStore
from postcard.errors import BadRequest, Forbidden, NotFound, Unauthorized
from postcard.keys.api_keys import (
    ALPHABET,
    KEY_PREFIX,
    ApiKeyService,
    checksum,
    generate_api_key,
    is_well_formed,
    key_digest,
    require_template,
)

NOW = 1_795_341_600.0


@pytest.fixture
def records() -> MemoryApiKeyStore:
    return MemoryApiKeyStore()


@pytest.fixture
def service(records: MemoryApiKeyStore) -> ApiKeyService:
    return ApiKeyService(records)


def error_code(
    service: ApiKeyService, authorization: str | None, x_api_key: str | None = None
) -> str:
    with pytest.raises(Unauthorized) as error:
        service.authenticate(authorization, x_api_key, now=NOW)
    assert error.value.headers["WWW-Authenticate"].startswith('Bearer realm="postcard"')
    return error.value.code


def test_a_key_is_the_prefix_and_forty_letters_and_digits() -> None:
    generated = {generate_api_key() for _ in range(50)}
    assert len(generated) == 50
    assert all(re.fullmatch(r"postcard_[0-9A-Za-z]{40}", key) for key in generated)
    assert all(is_well_formed(key) for key in generated)


@given(st.text(ALPHABET, min_size=34, max_size=34))
def test_the_last_six_are_the_crc_of_the_rest_in_base_62(body: str) -> None:
    number = 0
    for letter in checksum(body):
        number = number * 62 + ALPHABET.index(letter)
    assert number == zlib.crc32(body.encode())


@given(st.integers(0, 39), st.sampled_from(ALPHABET))
def test_a_key_with_one_changed_letter_is_not_well_formed(index: int, letter: str) -> None:
    key = KEY_PREFIX + "a" * 34 + checksum("a" * 34)
    index += len(KEY_PREFIX)
    changed = key[:index] + letter + key[index + 1 :]
    assert is_well_formed(changed) == (changed == key)


@given(st.text(max_size=60))
def test_other_texts_are_not_well_formed(text: str) -> None:
    assert not is_well_formed(text)


def test_only_the_sha_256_of_a_key_is_stored(
    service: ApiKeyService, records: MemoryApiKeyStore
) -> None:
    key, record = service.create("Shop", ["images"], now=NOW)
    assert records.by_digest(key_digest(key)) == record
    assert key not in repr(record)
    assert re.fullmatch(r"[0-9a-f]{64}", record.digest)


@pytest.mark.parametrize(
    ("authorization", "x_api_key"),
    [("Bearer {}", None), ("bearer  {} ", None), (None, "{}"), ("Basic dTpw", "{}"), ("", " {} ")],
)
def test_a_key_is_read_from_authorization_or_x_api_key(
    service: ApiKeyService, authorization: str | None, x_api_key: str | None
) -> None:
    key, record = service.create("Shop", ["images"], now=NOW)
    headers = [text and text.format(key) for text in (authorization, x_api_key)]
    assert service.authenticate(*headers, now=NOW, scope="images") == record


def test_a_request_without_a_key_is_missing_key(service: ApiKeyService) -> None:
    for authorization in (None, "", "Bearer", "Bearer ", "Basic dTpw"):
        assert error_code(service, authorization) == "missing_key"


def test_an_unknown_key_is_invalid_key(service: ApiKeyService) -> None:
    for key in (generate_api_key(), "postcard_short", "sk_live_something"):
        assert error_code(service, f"Bearer {key}") == "invalid_key"
        assert error_code(service, None, key) == "invalid_key"


def test_a_revoked_key_is_refused_at_once_and_keeps_the_time_of_its_first_revocation(
    service: ApiKeyService,
) -> None:
    key, record = service.create("Shop", ["images"], now=NOW - 9)
    assert service.revoke(record.key_id, now=NOW).revoked_at == NOW
    assert service.revoke(record.key_id, now=NOW + 5).revoked_at == NOW
    assert error_code(service, f"Bearer {key}") == "revoked_key"


def test_revoking_an_unknown_key_is_not_found(service: ApiKeyService) -> None:
    with pytest.raises(NotFound):
        service.revoke("key_nothing", now=NOW)


def test_a_key_is_refused_from_the_second_it_expires_at(service: ApiKeyService) -> None:
    key, _ = service.create("Shop", ["images"], now=NOW, expires_at=int(NOW) + 1)
    assert service.authenticate(f"Bearer {key}", None, now=NOW).expires_at == int(NOW) + 1
    with pytest.raises(Unauthorized) as error:
        service.authenticate(f"Bearer {key}", None, now=NOW + 1)
    assert error.value.code == "expired_key"


def test_a_call_outside_the_scopes_of_its_key_is_missing_scope(service: ApiKeyService) -> None:
    key, _ = service.create("Shop", ["images", "templates"], now=NOW)
    for scope in ("images", "templates"):
        service.authenticate(f"Bearer {key}", None, now=NOW, scope=scope)
    for scope in ("batches", "admin"):
        with pytest.raises(Forbidden) as error:
            service.authenticate(f"Bearer {key}", None, now=NOW, scope=scope)
        assert error.value.code == "missing_scope"


def test_a_key_with_templates_is_valid_for_these_only(service: ApiKeyService) -> None:
    key, record = service.create("Shop", ["images"], now=NOW, templates=["welcome"])
    service.authenticate(f"Bearer {key}", None, now=NOW, template="welcome")
    with pytest.raises(Forbidden) as error:
        service.authenticate(f"Bearer {key}", None, now=NOW, template="other")
    assert error.value.code == "template_not_allowed"
    require_template(replace(record, templates=None), "other")


@pytest.mark.parametrize("scopes", [[], ["everything"], ["images", "root"]])
def test_a_key_needs_known_scopes(service: ApiKeyService, scopes: list[str]) -> None:
    with pytest.raises(BadRequest):
        service.create("Shop", scopes, now=NOW)
    assert service.list() == []
