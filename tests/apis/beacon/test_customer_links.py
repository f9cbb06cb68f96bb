"""A customer's `link` leads to its page in the console, where the server knows its own address."""

from __future__ import annotations

from tests.harness import in_process
from tollhouse.config import Settings

LIST = "/v1/projects/acme/customers?q=cust_789"


def test_the_link_is_the_customers_page_in_the_console(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url, public_url="https://pay.example.com/")) as application:
        (listed,) = application.request("GET", LIST).json()["data"]
        whole = application.request("GET", f"/v1/customers/{listed['id']}").json()["data"]
        assert listed["link"] == whole["link"] == "https://pay.example.com/console/customers/123"
        assert application.request("GET", "/console/customers/123", key=None).status == 303


def test_without_an_address_of_its_own_there_is_none(acme_url: str) -> None:
    with in_process(Settings(database_url=acme_url)) as application:
        (listed,) = application.request("GET", LIST).json()["data"]
        assert listed["link"] is None
