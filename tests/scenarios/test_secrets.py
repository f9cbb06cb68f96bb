"""No key and no password in what a server writes, whatever it is sent."""

from __future__ import annotations

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
