import pytest
from pydantic import Field, ValidationError

from holdfast.kit.secrets import new_installation_secret
from holdfast.kit.settings import Environment, LogFormat, LogLevel, ModuleSettings, Settings, describe

SECRET = new_installation_secret()


class SampleSettings(ModuleSettings, env_prefix="HOLDFAST_SAMPLE_"):
    """Settings of a module that does not exist."""

    hold_s: int = Field(default=600, ge=60, description="How long.")
    """Not this."""
    names: tuple[str, ...] = ("a", "b")
    """Some
    names."""
    is_loud: bool = False
    """Whether."""
    url: str | None = None
    """Where."""


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestSettings:
    def test_work_as_they_are(self):
        settings = Settings()
        assert settings.environment is Environment.DEVELOPMENT
        assert settings.database_url == "sqlite:///holdfast.db"
        assert settings.secret is None
        assert (settings.log_level, settings.log_format) == (LogLevel.INFO, LogFormat.JSON)

    def test_come_from_the_environment_before_the_file(self, monkeypatch, alone):
        (alone / ".env").write_text("HOLDFAST_DATABASE_URL=sqlite:///file.db\nHOLDFAST_LOG_LEVEL=debug\nOTHER=1\n")
        monkeypatch.setenv("HOLDFAST_DATABASE_URL", "sqlite:///environment.db")
        settings = Settings()
        assert (settings.database_url, settings.log_level) == ("sqlite:///environment.db", LogLevel.DEBUG)

    def test_left_empty_count_as_not_set(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_SECRET", "")
        monkeypatch.setenv("HOLDFAST_LOG_LEVEL", "")
        assert (Settings().secret, Settings().log_level) == (None, LogLevel.INFO)

    def test_take_lists_with_commas(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_ALLOWED_HOSTS", " a.example , .b.example,")
        monkeypatch.setenv("HOLDFAST_CORS_ORIGINS", "https://a.example,http://localhost:5173")
        monkeypatch.setenv("HOLDFAST_SECRET_PREVIOUS", f"{SECRET},{SECRET}x")
        settings = Settings()
        assert settings.allowed_hosts == ("a.example", ".b.example")
        assert settings.cors_origins == ("https://a.example", "http://localhost:5173")
        assert [each.get_secret_value() for each in settings.secret_previous] == [SECRET, f"{SECRET}x"]

    def test_take_the_networks_of_proxies(self):
        settings = Settings(trusted_proxies="10.0.0.0/8, ::1, 127.0.0.1")
        assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128", "127.0.0.1/32")

    @pytest.mark.parametrize("wrong", ["10.0.0.1/8", "proxy.example", "10.0.0.0/40", "*"])
    def test_refuse_what_is_no_network(self, wrong):
        with pytest.raises(ValidationError):
            Settings(trusted_proxies=wrong)

    @pytest.mark.parametrize("wrong", ["security@example.com", "http://example.com", "mailto:a b@example.com"])
    def test_refuse_what_is_no_contact(self, wrong):
        with pytest.raises(ValidationError):
            Settings(security_contact=wrong)

    def test_refuse_a_token_of_metrics_that_can_be_guessed(self):
        with pytest.raises(ValidationError, match="32 characters"):
            Settings(metrics_token="prometheus")

    def test_are_frozen(self):
        with pytest.raises(ValidationError):
            Settings().log_level = LogLevel.DEBUG

    @pytest.mark.parametrize(
        "origin", ["*", "null", "a.example", "https://a.example/", "ftp://a.example", "https://*.a"]
    )
    def test_refuse_what_is_no_origin(self, origin):
        with pytest.raises(ValidationError, match="an origin is"):
            Settings(cors_origins=origin)

    @pytest.mark.parametrize(
        ("name", "value"), [("log_level", "loud"), ("body_limit_bytes", 1), ("environment", "prod")]
    )
    def test_refuse_what_makes_no_sense(self, name, value):
        with pytest.raises(ValidationError):
            Settings(**{name: value})


class TestASecret:
    @pytest.mark.parametrize(
        "secret",
        [
            *("changeme", "a" * 31, "a" * 32, "abcabcabc" * 5, "change-me-change-me-change-me-0123456789"),
            *("my-Secret-0123456789-abcdefghijkl", "password0123456789abcdefghijklmnop"),
        ],
    )
    def test_that_can_be_guessed_is_refused_everywhere(self, secret):
        for given in ({"secret": secret}, {"secret": SECRET, "secret_previous": secret}):
            with pytest.raises(ValidationError) as caught:
                Settings(**given)
            assert secret not in str(caught.value)

    @pytest.mark.parametrize(
        "secret",
        [SECRET, "0123456789abcdef" * 2, "correct horse battery staple, 2026!"],
        ids=["made", "hexadecimal", "words"],
    )
    def test_that_cannot_be_guessed_is_taken(self, secret):
        assert Settings(secret=secret).secret.get_secret_value() == secret

    def test_is_not_shown(self):
        assert SECRET not in repr(Settings(secret=SECRET)) + str(Settings(secret_previous=SECRET))


class TestProduction:
    def test_needs_a_secret(self):
        with pytest.raises(ValidationError, match="HOLDFAST_SECRET"):
            Settings(environment="production")

    def test_accepts_no_loss(self):
        with pytest.raises(ValidationError, match="HOLDFAST_ACCEPT_LOSS"):
            Settings(environment="production", secret=SECRET, accept_loss=True)

    def test_takes_pages_of_https_only(self):
        with pytest.raises(ValidationError, match="https"):
            Settings(environment="production", secret=SECRET, cors_origins="https://a.example,http://b.example")
        settings = Settings(environment="production", secret=SECRET, cors_origins="https://a.example")
        assert settings.cors_origins == ("https://a.example",)

    def test_starts_with_a_secret(self):
        assert Settings(environment="production", secret=SECRET).environment is Environment.PRODUCTION


class TestTheDatabaseOfAModule:
    def test_is_the_common_one_unless_it_has_its_own(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_BOOKING_DATABASE_URL", "mysql://localhost/booking")
        settings = Settings(database_url="postgresql://localhost/all")
        assert settings.database_url_for("booking") == "mysql://localhost/booking"
        assert settings.database_url_for("catalog") == "postgresql://localhost/all"

    def test_may_stand_in_the_file(self, alone):
        (alone / ".env").write_text("HOLDFAST_CATALOG_DATABASE_URL=sqlite:///catalog.db\n")
        assert Settings().database_url_for("catalog") == "sqlite:///catalog.db"


class TestADescription:
    def test_lists_name_default_and_words(self):
        told = [(each.name, each.default, each.description) for each in describe(SampleSettings)]
        assert told == [
            ("HOLDFAST_SAMPLE_HOLD_S", "600", "How long."),
            ("HOLDFAST_SAMPLE_NAMES", "a,b", "Some names."),
            ("HOLDFAST_SAMPLE_IS_LOUD", "false", "Whether."),
            ("HOLDFAST_SAMPLE_URL", "", "Where."),
        ]

    def test_is_there_for_every_setting_of_the_house(self):
        assert len(list(describe(Settings))) == len(Settings.model_fields)
        assert all(each.description for each in describe(Settings))

    def test_has_defaults_that_can_be_given(self, monkeypatch):
        for each in describe(Settings):
            monkeypatch.setenv(each.name, each.default)
        assert Settings() == Settings(_env_file=None)
