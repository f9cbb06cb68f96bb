"""No key and no password in what a server writes, whatever it is sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.scenarios.conftest import deployed

SECRETS = ("sk_test_acme", "pk_test_acme", "ak_test_acme", "ck_test_acme", "sk_wrong_key", "pa55word", "idem-secret")


def test_no_secret_in_any_log(request: pytest.FixtureRequest) -> None:
    with deployed("sqlite", request, access_log="1", log_level="debug") as deployment:
        with deployment.server.client(key=None) as client:
            body = {"user_id": "u", "amount": 1}
            statuses = []
            for key in SECRETS[:5]:
                headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "idem-secret"}
                statuses.append(client.post("/charges", json=body, headers=headers).status_code)
                statuses.append(client.post(f"/charges?api_key={key}", json=body).status_code)
                statuses.append(client.post("/charges", json={**body, "api_key": key}).status_code)
                statuses.append(client.post("/charges/", content=b'{"api_key": "' + key.encode()).status_code)
                statuses.append(client.get(f"/v1/projects/acme/customers?api_key={key}&q=%00").status_code)
                statuses.append(client.get(f"/nothing/{key}").status_code)
            client.get("/api/json/charges/create/?auth_username=user;auth_password=pa55word;name=x;customer=123")
            client.post("/api/json/charges/create/", data={"auth_username": "user", "auth_password": "pa55word"})
            client.post(
                "/api/v1/charges/", json={"customerId": "pa55word"}, headers={"Authorization": "Bearer sk_wrong_key"}
            )
            metrics = client.get("/metrics").text
        assert {200, 401, 403, 404} <= set(statuses)
        assert 500 not in statuses
        deployment.server.stop()
        log = deployment.server.log()
    assert log.count('"answered"') >= len(statuses)
    assert not [secret for secret in SECRETS if secret in log + metrics]


def test_no_token_code_or_password_of_a_person_in_any_log(request: pytest.FixtureRequest) -> None:
    with deployed("sqlite", request, access_log="1", log_level="debug") as deployment:
        with deployment.server.client(key=None) as client:

            def call(function: str, **given: Any) -> Any:
                """By GET, then the same by POST; what the GET answered."""
                answer = client.get(f"/api/json/{function}/?{urlencode(given)}")
                client.post(f"/api/json/{function}/", data=given)
                assert answer.status_code == 200
                return answer.json()

            login = {"auth_username": "user", "auth_password": "password"}
            token = call("user/login", **login, token=1)["data"]["auth_token"]
            signature = token.rpartition(".")[2]
            assert call("charges/list", auth_token=token)["responses"][0]["code"] == "200"
            call("charges/list", auth_token=token + "x")
            call("user/login", **login, auth_code="987123\0")
            call("user/login", totp_token=token, auth_code="987123")
            new = {"username": "new", "email": "new@example.com", "password": "n3w-pa55", "role": 1}
            call("people/create", **login, **new)
            call("people/create", **login, **{**new, "password": "n3w-pa55\0"})
            offered = call("people/update", auth_username="new", auth_password="n3w-pa55", id=2, totp=1)["data"]
            call("people/update", **login, id=2, password="0ther-pa55", auth_code="987123", totp=0)
            by = call("user/switch", **login, username="new", token=1)["data"]["auth_token"]
            metrics = client.get("/metrics").text
        deployment.server.stop()
        log = deployment.server.log()
    secrets = ("n3w-pa55", "0ther-pa55", "987123", token, signature, by, offered["totp_secret"], "argon2id", "otpauth")
    assert log.count('"answered"') >= 20
    assert not [secret for secret in secrets if secret in log + metrics]
