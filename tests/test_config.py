"""Settings come from the environment, within their bounds."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tollhouse.config import PREFIX, BadSetting, Settings

NUMBERS = [setting for setting in fields(Settings) if isinstance(setting.default, int)]


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings.from_environment({"TOLLHOUSE_QUEUE_MAX": "", "TOLLHOUSE_DATABASE_URL": ""}) == Settings()


def test_what_is_given_is_taken() -> None:
    given = {"TOLLHOUSE_DATABASE_URL": "sqlite:///x.db", "TOLLHOUSE_ACCESS_LOG": "1", "TOLLHOUSE_NO_SETTING": "5"}
    assert Settings.from_environment(given) == Settings(database_url="sqlite:///x.db", access_log=1)


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda setting: setting.name)
def test_every_number_has_bounds_that_hold_its_default(setting: object) -> None:
    name, default = setting.name, setting.default  # type: ignore[attr-defined]
    least, most = setting.metadata["least"], setting.metadata["most"]  # type: ignore[attr-defined]
    assert least <= default <= most
    variable = PREFIX + name.upper()
    for number in (least, most):
        assert getattr(Settings.from_environment({variable: str(number)}), name) == number
    for number in (least - 1, most + 1):
        sentence = "must be a whole number" if number < 0 else f"must be between {least} and {most}"
        with pytest.raises(BadSetting, match=f"^{variable} {sentence}"):
            Settings.from_environment({variable: str(number)})


@pytest.mark.parametrize("text", ["many", "1.5", "1e3", " 5", "+5", "0x5", "²", "-5"])
def test_a_number_is_digits(text: str) -> None:
    with pytest.raises(BadSetting, match="TOLLHOUSE_QUEUE_MAX must be a whole number"):
        Settings.from_environment({"TOLLHOUSE_QUEUE_MAX": text})


@pytest.mark.parametrize("text", ["10.0.0.0/8", "10.0.0.1, ::1 2001:db8::/32", ",", "10.0.0.9/8"])
def test_proxies_are_networks(text: str) -> None:
    assert Settings.from_environment({"TOLLHOUSE_TRUSTED_PROXIES": text}).trusted_proxies == text


@pytest.mark.parametrize("text", ["localhost", "10.0.0.0/33", "10.0.0.1;10.0.0.2", "*", "1"])
def test_what_is_no_network_is_no_proxy(text: str) -> None:
    with pytest.raises(BadSetting, match="TOLLHOUSE_TRUSTED_PROXIES must be IP addresses or CIDR ranges"):
        Settings.from_environment({"TOLLHOUSE_TRUSTED_PROXIES": text})


@pytest.mark.parametrize(
    ("text", "gaps"), [("60,300", (60, 300)), ("0 0,5 ", (0, 0, 5)), ("604800", (604_800,)), ("1," * 32, (1,) * 32)]
)
def test_gaps_are_whole_numbers(text: str, gaps: tuple[int, ...]) -> None:
    assert Settings.from_environment({"TOLLHOUSE_WEBHOOK_RETRY_SECONDS": text}).webhook_gaps == gaps


@pytest.mark.parametrize("text", [",", "60;60", "-1", "1.5", "604801", "9" * 5000, "²", "1," * 33])
def test_what_is_no_list_of_gaps_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="TOLLHOUSE_WEBHOOK_RETRY_SECONDS must be up to 32 whole numbers"):
        Settings.from_environment({"TOLLHOUSE_WEBHOOK_RETRY_SECONDS": text})
