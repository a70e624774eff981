"""Settings from environment variables."""

import pytest

from postcard.settings import Settings, SettingsError

REQUIRED = {
    "POSTCARD_TABLE": "table",
    "POSTCARD_PICTURES_BUCKET": "pictures",
    "POSTCARD_STORE_BUCKET": "store",
    "POSTCARD_SECRET_ID": "secret",
}


def test_all_missing_variables_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as missing:
        Settings.from_environ({"POSTCARD_TABLE": "table", "POSTCARD_SECRET_ID": ""})
    for name in ("POSTCARD_PICTURES_BUCKET", "POSTCARD_STORE_BUCKET", "POSTCARD_SECRET_ID"):
        assert name in str(missing.value)
    assert "POSTCARD_TABLE" not in str(missing.value)


def test_other_variables_have_defaults() -> None:
    settings = Settings.from_environ(REQUIRED)
    assert (settings.allow_http, settings.cors_origins, settings.endpoint_url) == (False, (), None)
    assert (settings.fonts, settings.retention_days) == ("/opt/fonts", None)


def test_settings_are_read_from_their_variables() -> None:
    settings = Settings.from_environ(
        REQUIRED
        | {
            "POSTCARD_BASE_URL": "https://pictures.example.com/",
            "POSTCARD_ALLOW_HTTP": "1",
            "POSTCARD_CORS_ORIGINS": "https://a.example, https://b.example",
            "POSTCARD_RETENTION_DAYS": "90",
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        }
    )
    assert settings.base_url == "https://pictures.example.com"
    assert settings.allow_http
    assert settings.cors_origins == ("https://a.example", "https://b.example")
    assert settings.retention_days == 90
    assert (settings.region, settings.endpoint_url) == ("eu-central-1", "http://127.0.0.1:5000")


@pytest.mark.parametrize(
    "wrong",
    [
        {"POSTCARD_ALLOW_HTTP": "yes"},
        {"POSTCARD_RETENTION_DAYS": "0"},
        {"POSTCARD_MERGE_RENDERS": "many"},
    ],
)
def test_an_invalid_value_is_refused_with_its_variable(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Settings.from_environ(REQUIRED | wrong)
