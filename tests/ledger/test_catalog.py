"""The catalog: plans in versions, what publishing puts in force, and what a buyer then pays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.harness import SHOP, TestClock, prepared, provision
from tests.ledger.test_purchasing import purchase
from tollhouse.ledger.catalog.offering import Offering, OfferingWanted, offering
from tollhouse.ledger.catalog.versions import Version, newest_of, plan_called, version_of
from tollhouse.ledger.commands import Command, Idempotency
from tollhouse.ledger.commands.catalog import (
    ArchiveCatalogProduct,
    ArchiveFeature,
    ArchivePlan,
    ChangePlanEntitlement,
    CreateCatalogPlan,
    CreateCatalogProduct,
    CreateFeature,
    DiscardPlan,
    EditPlan,
    PublishPlan,
    RemovePlanEntitlement,
    SetPlanEntitlements,
    SetPlanPrices,
)
from tollhouse.ledger.facts import (
    EntitlementFact,
    Fact,
    FeatureFact,
    PaymentFact,
    PlanFact,
    PlanPriceFact,
    PlanVersionFact,
    PriceFeatureFact,
    ProductFact,
    TenantFact,
)
from tollhouse.ledger.ledger import Ledger
from tollhouse.ledger.plan_documents import (
    AuthoredEntitlement,
    AuthoredPrice,
    Bracket,
    PeriodPrice,
    PlanDocument,
    PriceItem,
)
from tollhouse.ledger.ports import StoreConflict
from tollhouse.ledger.purchase_details import PriceStep, detail_of
from tollhouse.ledger.refusals import (
    AlreadyArchived,
    CountryNotServed,
    FeatureUnknown,
    FieldRefused,
    IdempotencyKeyReused,
    IdentifierTaken,
    NoPriceInCurrency,
    NotInCatalog,
    PlanAlreadyPublished,
    PlanHasNoOneTimePrice,
    PlanIsArchived,
    PlanIsFree,
    PlanUnknown,
    PlanWantsCustomAmount,
    PlanWithoutPrice,
    QuantityRefused,
    Refusal,
    VersionNotLatest,
)
from tollhouse.ledger.sight import Snapshot
from tollhouse.store.store import SqlStore

NOW = TestClock().now()


class Shop:
    """The tenant shop, with a word for each thing that its catalog's authors do."""

    def __init__(self, store: SqlStore, ledger: Ledger, tenant: TenantFact) -> None:
        self.store = store
        self.ledger = ledger
        self.tenant = tenant

    def do(self, kind: type[Command], **fields: Any) -> Any:
        return self.ledger.execute(kind(tenant_id=self.tenant.tenant_id, **fields)).result

    def rows(self, kind: type[Any], **equals: Any) -> list[Any]:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return reader.find(kind, **equals)

    def uid_of(self, kind: type[Fact], identifier: str) -> str:
        (found,) = self.rows(kind, identifier=identifier)
        return str(found.uid)

    def plan(self, name: str = "Pro", **document: Any) -> Version:
        made: Version = self.do(
            CreateCatalogPlan,
            identifier=None,
            product_uid=self.uid_of(ProductFact, "invoice-test"),
            document=PlanDocument(name=name, **document),
        )
        return made

    def prices(self, identifier: str, *prices: AuthoredPrice) -> Version:
        changed: Version = self.do(SetPlanPrices, identifier=identifier, prices=prices)
        return changed

    def entitle(self, identifier: str, replaces: bool = False, **details: Any) -> Version:
        given = tuple(AuthoredEntitlement(self.uid_of(FeatureFact, name), d) for name, d in details.items())
        changed: Version = self.do(SetPlanEntitlements, identifier=identifier, entitlements=given, replaces=replaces)
        return changed

    def edit(self, identifier: str, version: int | None = None, **changes: Any) -> Version:
        changed: Version = self.do(EditPlan, identifier=identifier, version=version, changes=changes)
        return changed

    def publish(self, identifier: str) -> Version:
        published: Version = self.do(PublishPlan, identifier=identifier, update_features=False, update_pricing=True)
        return published

    def newest(self, identifier: str) -> Version:
        with self.store.reading(self.tenant.tenant_id) as reader:
            plan = plan_called(reader, identifier)
            return newest_of(reader, self.tenant, [plan])[plan.number]

    def version(self, identifier: str, number: int) -> Version:
        with self.store.reading(self.tenant.tenant_id) as reader:
            return version_of(reader, self.tenant, plan_called(reader, identifier), number)

    def states(self, identifier: str) -> list[tuple[int, str]]:
        (plan,) = self.rows(PlanFact, identifier=identifier)
        return sorted((row.version, row.state) for row in self.rows(PlanVersionFact, plan_number=plan.number))

    def buy(self, identifier: str, **more: Any) -> PaymentFact:
        payment: PaymentFact = self.ledger.execute(purchase(self.tenant, identifier, **more)).result.payment
        return payment

    def costs(self, identifier: str, **more: Any) -> tuple[int, str]:
        payment = self.buy(identifier, **more)
        return payment.amount_minor, payment.currency

    def offered(self, **wanted: Any) -> Offering:
        fields = {"customer_reference": None, "country_of_ip": None, "plans": None, **wanted}
        with self.store.reading(self.tenant.tenant_id) as reader:
            uid = self.uid_of(ProductFact, "invoice-test")
            return offering(Snapshot(reader, NOW), OfferingWanted(product_uid=uid, **fields))


@pytest.fixture
def shop(store: SqlStore, ledger: Ledger, clock: TestClock) -> Shop:
    return Shop(store, ledger, prepared(store, SHOP, clock))


def once(amount: str | None, **more: Any) -> PriceItem:
    return PriceItem(charges=(PeriodPrice(charge_period="ONE_TIME", amount=amount, **more),))


def paid(amount: str = "10.00", currency: str = "USD", *items: PriceItem, **more: Any) -> AuthoredPrice:
    return AuthoredPrice(uid="", price_type="PAID", currency=currency, items=(once(amount), *items), **more)


def by_unit(feature: str, amount: str, **more: Any) -> PriceItem:
    return replace(once(amount, **more), feature=feature)


# From draft to sale.


def test_a_plan_is_sold_from_the_moment_it_is_published(shop: Shop) -> None:
    made = shop.plan("Pro Plus")
    assert (made.plan.identifier, made.number, made.state, made.is_in_force) == ("pro-plus", 1, "draft", False)
    assert (made.plan.currency, made.plan.owner_number, made.plan.features) == ("USD", 1, "[]")
    with pytest.raises(PlanWithoutPrice):
        shop.publish("pro-plus")
    shop.prices("pro-plus", paid("12.50"))
    with pytest.raises(PlanUnknown):
        shop.buy("pro-plus")
    published = shop.publish("pro-plus")
    assert (published.number, published.is_in_force) == (1, True)
    payment = shop.buy("pro-plus")
    assert (payment.amount_minor, detail_of(payment).plan_version) == (1250, 1)
    assert detail_of(payment).chosen.price_uid == published.document.prices[0].uid
    with pytest.raises(PlanAlreadyPublished):
        shop.publish("pro-plus")


def test_a_draft_changes_nothing_until_it_is_published(shop: Shop) -> None:
    shop.plan()
    shop.prices("pro", paid("10.00"))
    shop.publish("pro")
    draft = shop.edit("pro", name="Pro 2", description="New")
    shop.prices("pro", paid("20.00"), paid("15.00", "EUR"))
    shop.entitle("pro", storage={"value": 5})
    assert (draft.number, draft.state) == (2, "draft")
    payment = shop.buy("pro")
    assert (payment.amount_minor, detail_of(payment).plan_name, detail_of(payment).plan_version) == (1000, "Pro", 1)
    with pytest.raises(NoPriceInCurrency):
        shop.buy("pro", currency="EUR")
    assert shop.newest("pro").document.name == "Pro 2"
    assert shop.version("pro", 1).is_in_force

    shop.publish("pro")
    assert shop.states("pro") == [(1, "superseded"), (2, "published")]
    payment = shop.buy("pro")
    assert (payment.amount_minor, detail_of(payment).plan_name, detail_of(payment).plan_version) == (2000, "Pro 2", 2)
    assert [grant.usage_limit for grant in detail_of(payment).grants] == [5]
    assert shop.version("pro", 1).document.prices[0].items[0].charges[0].amount == "10.00"
    assert shop.version("pro", 2).document.update_pricing


def test_fewer_prices_and_entitlements_leave_no_rows_of_the_old_ones(shop: Shop) -> None:
    number = shop.plan().plan.number
    seats = shop.uid_of(FeatureFact, "seats")
    shop.prices("pro", paid("1", "USD", by_unit(seats, "1")), paid("2", "EUR", by_unit(seats, "2")), paid("3", "JPY"))
    shop.entitle("pro", storage={"value": 5}, support={"value": True})
    shop.publish("pro")
    shop.prices("pro", paid("9", "EUR"))
    shop.entitle("pro", replaces=True, support={"value": True})
    shop.publish("pro")
    assert [row.currency for row in shop.rows(PlanPriceFact, plan_number=number)] == ["EUR"]
    assert shop.rows(PriceFeatureFact, plan_number=number) == []
    assert [grant.identifier for grant in detail_of(shop.buy("pro", currency="EUR")).grants] == ["support"]


def test_a_discarded_draft_is_gone_and_the_published_version_stays(shop: Shop) -> None:
    shop.plan()
    shop.prices("pro", paid())
    shop.publish("pro")
    with pytest.raises(PlanAlreadyPublished):
        shop.do(DiscardPlan, identifier="pro")
    shop.prices("pro", paid("99"))
    shop.do(DiscardPlan, identifier="pro")
    assert shop.states("pro") == [(1, "published")]
    assert shop.costs("pro") == (1000, "USD")
    assert shop.edit("pro", description="Again").number == 2


def test_a_plan_that_was_never_published_goes_with_its_draft(shop: Shop) -> None:
    number = shop.plan().plan.number
    shop.do(DiscardPlan, identifier="pro")
    with pytest.raises(NotInCatalog):
        shop.newest("pro")
    assert shop.plan().plan.identifier == "pro"
    (gone,) = shop.rows(PlanFact, number=number)
    assert (gone.state, gone.identifier) == ("archived", f"pro~{number}")


def test_an_archived_plan_is_not_sold_and_not_edited(shop: Shop) -> None:
    shop.plan()
    shop.prices("pro", paid())
    shop.publish("pro")
    shop.do(ArchivePlan, identifier="pro")
    with pytest.raises(PlanUnknown):
        shop.buy("pro")
    with pytest.raises(AlreadyArchived):
        shop.do(ArchivePlan, identifier="pro")
    for change in (shop.publish, lambda name: shop.edit(name, name="X"), lambda name: shop.prices(name, paid())):
        with pytest.raises(PlanIsArchived):
            change("pro")
    with pytest.raises(IdentifierTaken):
        shop.do(
            CreateCatalogPlan,
            identifier="pro",
            product_uid=shop.uid_of(ProductFact, "invoice-test"),
            document=PlanDocument(name="Pro"),
        )


def test_only_the_newest_version_can_be_changed(shop: Shop) -> None:
    shop.plan()
    shop.prices("pro", paid())
    shop.publish("pro")
    assert shop.edit("pro", 1, name="Opens a draft").number == 2
    with pytest.raises(VersionNotLatest):
        shop.edit("pro", 1, name="Too late")
    assert shop.edit("pro", 2, name="Fine").document.name == "Fine"
    with pytest.raises(NotInCatalog):
        shop.edit("pro", 3, name="Not there")


def test_one_batch_can_do_it_all(shop: Shop) -> None:
    """What a later command reads is what an earlier one of the same commit decided."""
    tenant_id, seats = shop.tenant.tenant_id, shop.uid_of(FeatureFact, "seats")
    product = shop.uid_of(ProductFact, "invoice-test")
    commands: list[Command] = [
        CreateCatalogPlan(
            tenant_id=tenant_id, identifier="all", product_uid=product, document=PlanDocument(name="All")
        ),
        SetPlanPrices(
            tenant_id=tenant_id, identifier="all", prices=(paid("1", "USD", by_unit(seats, "1")), paid("2", "EUR"))
        ),
        PublishPlan(tenant_id=tenant_id, identifier="all", update_features=False, update_pricing=False),
        SetPlanPrices(tenant_id=tenant_id, identifier="all", prices=(paid("5"),)),
        DiscardPlan(tenant_id=tenant_id, identifier="all"),
        SetPlanPrices(tenant_id=tenant_id, identifier="all", prices=(paid("7"),)),
        PublishPlan(tenant_id=tenant_id, identifier="all", update_features=False, update_pricing=False),
        purchase(shop.tenant, "all"),
    ]
    outcomes = shop.ledger.execute_batch(tenant_id, commands)
    assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
    assert shop.states("all") == [(1, "superseded"), (2, "published")]
    assert outcomes[-1].result.payment.amount_minor == 700  # type: ignore[union-attr]
    assert shop.costs("all") == (700, "USD")
    assert len(shop.rows(PlanPriceFact, plan_number=shop.newest("all").plan.number)) == 1


@pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
def test_whoever_publishes_waits_for_the_purchases_under_way(shop: Shop) -> None:
    """And purchases do not wait for each other."""
    tenant_id = shop.tenant.tenant_id
    with shop.store.unit_of_work(tenant_id) as buyer, shop.store.unit_of_work(tenant_id) as author:
        buyer.hold(PlanFact, identifier=["worldwide"])
        author.hold(PlanFact, identifier=["worldwide"])
        author._execute("SET LOCAL lock_timeout = 50")
        with pytest.raises(StoreConflict):
            author.find(PlanFact, lock=True, identifier="worldwide")


# Prices.


@pytest.mark.parametrize(
    ("model", "tiers", "quantity", "amount_minor"),
    [
        ("TIERED", (Bracket(10, "5.00", "10.00"), Bracket(None, "3.00", "1.00")), 12, 1000 + 6000 + 700),
        ("VOLUME", (Bracket(10, "5.00", "10.00"), Bracket(None, "3.00", "1.00")), 12, 1000 + 3700),
        ("STAIRSTEP", (Bracket(10, "0.00", "10.00"), Bracket(None, "0.00", "25.00")), 12, 1000 + 2500),
    ],
)
def test_prices_in_brackets_are_charged_and_explain_themselves(
    shop: Shop, model: str, tiers: tuple[Bracket, ...], quantity: int, amount_minor: int
) -> None:
    shop.plan()
    item = PriceItem(
        feature=shop.uid_of(FeatureFact, "credits"),
        model=model,
        charges=(PeriodPrice(charge_period="ONE_TIME", tiers=tiers, quantity_max=100),),
    )
    shop.prices("pro", paid("10.00", "USD", item))
    shop.publish("pro")
    payment = shop.buy("pro", quantities=(("credits", quantity),))
    assert payment.amount_minor == amount_minor
    steps = detail_of(payment).steps
    assert steps[-1] == PriceStep(
        "credits", "11 and more", 2 if model == "TIERED" else 12, tiers[1].unit_amount, tiers[1].flat_amount
    )
    assert len(steps) == (2 if model == "TIERED" else 1)
    with pytest.raises(QuantityRefused):
        shop.buy("pro", quantities=(("credits", 101),))
    assert shop.costs("pro", quantities=(("credits", 2),), custom_amount=Decimal("3"), currency="USD") == (300, "USD")


def test_free_and_custom_plans_are_not_charged_at_a_price(shop: Shop) -> None:
    for name, price_type, refusal in (("No Cost", "FREE", PlanIsFree), ("Deal", "CUSTOM", PlanWantsCustomAmount)):
        identifier = shop.plan(name).plan.identifier
        shop.prices(identifier, AuthoredPrice(uid="", price_type=price_type, currency="USD"))
        shop.publish(identifier)
        with pytest.raises(refusal):
            shop.buy(identifier)
    assert shop.costs("deal", currency="USD", custom_amount=Decimal("123.45")) == (12345, "USD")


def test_what_is_disabled_or_paid_by_use_is_not_charged(shop: Shop) -> None:
    shop.plan()
    used = replace(by_unit(shop.uid_of(FeatureFact, "credits"), "0.10"), payment_type="PAY_AS_YOU_GO")
    shop.prices("pro", paid("10.00", "USD", used), paid("9.00", "EUR", is_enabled=False))
    shop.publish("pro")
    assert shop.costs("pro", quantities=(("credits", 5),)) == (1000, "USD")
    with pytest.raises(NoPriceInCurrency):
        shop.buy("pro", currency="EUR")
    with pytest.raises(FeatureUnknown):
        shop.buy("pro", quantities=(("seats", 5),))
    shop.prices("pro", paid(is_enabled=False))
    with pytest.raises(PlanWithoutPrice):
        shop.publish("pro")


def test_a_recurring_price_is_kept_and_cannot_be_charged(shop: Shop) -> None:
    shop.plan()
    monthly = PriceItem(charges=(PeriodPrice(charge_period="MONTHLY", amount="3.00"),))
    shop.prices("pro", AuthoredPrice(uid="", price_type="PAID", currency="USD", items=(monthly,)))
    shop.publish("pro")
    with pytest.raises(PlanHasNoOneTimePrice):
        shop.buy("pro")
    (offered,) = shop.offered(plans=frozenset({"pro"})).plans
    assert (offered.can_be_bought, [p.charge_period for p in offered.periods]) == (False, ["MONTHLY"])


def test_countries_of_a_plan_change_no_price_of_a_buyer_of_an_unknown_country(shop: Shop) -> None:
    plan = shop.plan().plan.identifier
    shop.prices(plan, paid("5.00", countries=("IN",)), paid("20.00"))
    shop.publish(plan)
    assert shop.costs(plan) == (2000, "USD")
    shop.edit(plan, countries=("IN", "US", "DE"))
    shop.publish(plan)
    assert shop.costs(plan) == (2000, "USD")


def test_countries_of_a_plan_limit_its_prices(shop: Shop) -> None:
    """An Indian buyer still gets the Indian price, whatever the order."""
    shop.plan(countries=("DE", "IN"))
    shop.prices(
        "pro",
        paid("20.00"),
        paid("5.00", countries=("IN", "BR")),
        paid("18.00", "EUR"),
        paid("30.00", "GBP", countries=("GB",)),
    )
    shop.publish("pro")
    assert shop.costs("pro", country_of_ip="IN") == (500, "USD")
    assert shop.costs("pro", country_of_ip="DE", currency="USD") == (2000, "USD")
    assert shop.costs("pro", customer="cust_germany") == (1800, "EUR")
    for country in ("BR", "GB", "US"):
        with pytest.raises(CountryNotServed):
            shop.buy("pro", country_of_ip=country)
    with pytest.raises(NoPriceInCurrency):
        shop.buy("pro", currency="GBP")


PRICE_FAULTS: list[tuple[tuple[AuthoredPrice, ...], str]] = [
    ((paid(), paid("2")), "for the same buyers"),
    ((paid(countries=("DE", "FR")), paid(countries=("FR",))), "for the same buyers"),
    ((AuthoredPrice(uid="", price_type="PAID", currency="USD"),), "needs a charge"),
    ((paid("1", "USD", once("2")),), "may be priced once"),
    ((replace(paid(), price_type="FREE"),), "asks for nothing"),
    ((paid("1", "USD", by_unit("nobody", "1")),), "Feature does not exist"),
    (
        (AuthoredPrice(uid="", price_type="PAID", currency="USD", items=(once(None),)),),
        "amount: This field is required",
    ),
    (
        (AuthoredPrice(uid="", price_type="PAID", currency="USD", items=(replace(once("1"), model="PACKAGE"),)),),
        "but FLAT",
    ),
    ((AuthoredPrice(uid="", price_type="PAID", currency="USD", items=(once("1", block_size=2),)),), "block_size"),
    (
        (AuthoredPrice(uid="", price_type="PAID", currency="USD", items=(once("1", quantity_min=2),)),),
        "belong to features",
    ),
]


@pytest.mark.parametrize(("prices", "sentence"), PRICE_FAULTS)
def test_prices_that_cannot_be_are_refused_and_open_no_draft(
    shop: Shop, prices: tuple[AuthoredPrice, ...], sentence: str
) -> None:
    with pytest.raises(FieldRefused, match=sentence) as refused:
        shop.prices("worldwide", *prices)
    assert refused.value.field == "prices"
    assert shop.states("worldwide") == []


def test_prices_may_be_told_apart_by_countries_or_kind(shop: Shop) -> None:
    shop.plan()
    custom = AuthoredPrice(uid="", price_type="CUSTOM", currency="USD")
    shop.prices("pro", paid(), paid(countries=("IN",)), paid(countries=("BR",)), custom)
    assert len({price.uid for price in shop.newest("pro").document.prices}) == 4


# What a plan gives.


def test_entitlements_are_added_changed_and_removed(shop: Shop) -> None:
    shop.plan()
    shop.prices("pro", paid())
    shop.entitle("pro", credits={"value": 1000, "reset": "EVERY_MONTH", "hardLimit": True})
    shop.entitle("pro", storage={"value": 5}, support={"value": True})
    shop.do(ChangePlanEntitlement, identifier="pro", feature="storage", details={"hasUnlimitedUsage": True})
    shop.do(RemovePlanEntitlement, identifier="pro", feature="support")
    shop.publish("pro")
    shop.buy("pro", custom_amount=Decimal(1), currency="USD")
    grants = {grant.identifier: grant for grant in detail_of(shop.buy("pro")).grants}
    assert set(grants) == {"credits", "storage"}
    credits = grants["credits"]
    assert (credits.usage_limit, credits.hard_limit, credits.reset) == (1000, True, "EVERY_MONTH")
    assert grants["storage"].usage_limit is None
    assert shop.rows(EntitlementFact) == []


def test_an_unpriced_quantity_does_not_raise_what_the_plan_says(shop: Shop) -> None:
    shop.plan()
    seats = by_unit(shop.uid_of(FeatureFact, "seats"), "1.00")
    shop.prices("pro", paid("10.00", "USD", seats))
    shop.entitle("pro", credits={"value": 100}, seats={"value": 1})
    shop.publish("pro")
    payment = shop.buy("pro", quantities=(("credits", 10**6), ("seats", 3)))
    assert payment.amount_minor == 1300
    assert {g.identifier: g.usage_limit for g in detail_of(payment).grants} == {"credits": 100, "seats": 3}


@pytest.mark.parametrize(
    ("feature", "details", "sentence"),
    [
        ("support", {"value": 1}, "true or false"),
        ("credits", {"value": True}, "whole number"),
        ("credits", {"value": -1}, "whole number"),
        ("credits", {"value": Decimal("1.5")}, "whole number"),
        ("storage", {"value": "5"}, "whole number"),
    ],
)
def test_an_entitlement_suits_its_feature(shop: Shop, feature: str, details: dict[str, Any], sentence: str) -> None:
    with pytest.raises(FieldRefused, match=sentence):
        shop.entitle("worldwide", **{feature: details})


def test_a_feature_is_on_a_plan_once_and_not_once_it_is_archived(shop: Shop) -> None:
    shop.plan()
    shop.entitle("pro", credits={"value": 1})
    with pytest.raises(FieldRefused, match="has this feature already"):
        shop.entitle("pro", credits={"value": 1})
    for kind in (ChangePlanEntitlement, RemovePlanEntitlement):
        more = {"details": {}} if kind is ChangePlanEntitlement else {}
        with pytest.raises(NotInCatalog):
            shop.do(kind, identifier="pro", feature="storage", **more)
    uid = shop.uid_of(FeatureFact, "storage")
    shop.do(ArchiveFeature, uid=uid)
    with pytest.raises(AlreadyArchived):
        shop.do(ArchiveFeature, uid=uid)
    with pytest.raises(FieldRefused, match="archived"):
        shop.entitle("pro", storage={"value": 1})
    with pytest.raises(FieldRefused, match="archived"):
        shop.prices("pro", paid("1", "USD", by_unit(uid, "1")))
    with pytest.raises(FieldRefused, match="no quantity"):
        shop.prices("pro", paid("1", "USD", by_unit(shop.uid_of(FeatureFact, "support"), "1")))


# Plans that a file made.


def test_a_plan_of_a_file_is_version_one_and_is_written_when_it_is_edited(shop: Shop) -> None:
    newest = shop.newest("team-pack")
    assert (newest.number, newest.is_in_force, shop.states("team-pack")) == (1, True, [])
    assert [item.feature for item in newest.document.prices[0].items] == ["", "seats", "credits"]
    before = shop.costs("team-pack", quantities=(("credits", 1500),))
    shop.edit("team-pack", description="Now described")
    assert shop.states("team-pack") == [(1, "published"), (2, "draft")]
    assert shop.version("team-pack", 1).document == newest.document
    shop.publish("team-pack")
    assert shop.costs("team-pack", quantities=(("credits", 1500),)) == before
    assert shop.version("team-pack", 1).state == "superseded"


def test_every_plan_of_the_file_costs_the_same_after_it_was_published_again(shop: Shop) -> None:
    for plan in shop.rows(PlanFact, state="published"):
        rows = [
            [replace(row, uid="") if kind is PlanPriceFact else row for row in shop.rows(kind, plan_number=plan.number)]
            for kind in (PlanPriceFact, PriceFeatureFact)
        ]
        shop.edit(plan.identifier, description="x")
        if rows[0]:
            shop.publish(plan.identifier)
        again = [
            [replace(row, uid="") if kind is PlanPriceFact else row for row in shop.rows(kind, plan_number=plan.number)]
            for kind in (PlanPriceFact, PriceFeatureFact)
        ]
        assert again == rows


def test_a_file_that_changes_a_plan_leaves_a_version_and_keeps_the_draft(shop: Shop, clock: TestClock) -> None:
    shop.edit("worldwide", description="Draft")
    provision(shop.store, SHOP, clock)
    assert shop.states("worldwide") == [(1, "published"), (2, "draft")]
    provision(shop.store, SHOP.replace('amount = "20.00"', 'amount = "21.00"'), clock)
    assert shop.states("worldwide") == [(1, "superseded"), (2, "published"), (3, "draft")]
    assert shop.version("worldwide", 2).document.prices[0].items[0].charges[0].amount == "21.00"
    assert (shop.newest("worldwide").state, shop.newest("worldwide").document.description) == ("draft", "Draft")
    payment = shop.buy("worldwide")
    assert (payment.amount_minor, detail_of(payment).plan_version) == (2100, 2)
    shop.publish("worldwide")
    assert shop.costs("worldwide") == (2000, "USD")


def test_a_file_may_take_over_a_plan_that_was_never_published(shop: Shop, clock: TestClock) -> None:
    shop.plan(description="Draft")
    file = '[tenant]\nslug = "shop"\n[[plans]]\nidentifier = "pro"\nstate = "published"\n'
    provision(shop.store, file + '[[plans.prices]]\ncurrency = "USD"\namount = "3.00"\n', clock)
    assert shop.states("pro") == [(1, "published"), (2, "draft")]
    assert shop.version("pro", 1).document.description == "Draft"
    assert shop.costs("pro") == (300, "USD")


# Products, features and names.


def test_an_identifier_is_made_of_the_name_and_told_apart(shop: Shop) -> None:
    def product(name: str, identifier: str | None = None) -> str:
        made = shop.do(CreateCatalogProduct, name=name, identifier=identifier, description="", tax_code="saas")
        return str(made.product.identifier)

    assert product("Größe & Maß") == "groe-ma"
    assert product("Größe & Maß") == "groe-ma-2"
    assert product("日本") == "product"
    assert product("X", "my-own_1") == "my-own_1"
    with pytest.raises(IdentifierTaken, match="already exists"):
        product("Y", "my-own_1")


def test_a_key_makes_one_of_each_and_tells_it_again(shop: Shop) -> None:
    product = shop.uid_of(ProductFact, "invoice-test")
    creations: list[tuple[type[Command], dict[str, Any]]] = [
        (CreateCatalogProduct, {"identifier": None, "description": "d", "tax_code": "ebook"}),
        (
            CreateFeature,
            {"identifier": None, "description": "", "feature_type": "METER", "details": {"metadata": {"a": 1}}},
        ),
        (CreateCatalogPlan, {"identifier": None, "product_uid": product}),
    ]
    for kind, fields in creations:

        def command(name: str, kind: type[Command] = kind, fields: dict[str, Any] = fields) -> Command:
            named = {"document": PlanDocument(name=name)} if kind is CreateCatalogPlan else {"name": name}
            key = Idempotency("tenant", f"key of {kind.__name__}")
            return kind(tenant_id=shop.tenant.tenant_id, idempotency=key, **fields, **named)

        first = shop.ledger.execute(command("Thing"))
        again = shop.ledger.execute(command("Thing"))
        assert (first.replayed, again.replayed) == (False, True)
        assert again.result == first.result
        with pytest.raises(IdempotencyKeyReused):
            shop.ledger.execute(command("Other"))
    shop.edit("thing", name="Renamed")
    shop.do(DiscardPlan, identifier="thing")
    assert shop.ledger.execute(command("Thing")).result == first.result


def test_a_product_that_is_archived_takes_no_new_plans_and_keeps_its_own(shop: Shop) -> None:
    uid = shop.uid_of(ProductFact, "invoice-test")
    shop.do(ArchiveCatalogProduct, uid=uid)
    with pytest.raises(AlreadyArchived):
        shop.do(ArchiveCatalogProduct, uid=uid)
    with pytest.raises(FieldRefused, match="archived"):
        shop.plan()
    assert shop.costs("worldwide") == (2000, "USD")
    with pytest.raises(NotInCatalog):
        shop.offered()


# What it costs here.

BUYERS: list[dict[str, Any]] = [
    {"customer": customer, "country_of_ip": country}
    for customer in ("cust_visa", "cust_germany")
    for country in (None, "IN", "JP", "DE", "KW", "US")
]


@pytest.mark.parametrize("buyer", BUYERS, ids=range(len(BUYERS)))
def test_an_offering_shows_what_a_charge_asks(shop: Shop, buyer: dict[str, Any]) -> None:
    for plan in shop.rows(PlanFact, state="published"):
        identifier = plan.identifier
        # Buying what costs nothing locks the currency: looked at again each time.
        shown = shop.offered(customer_reference=buyer["customer"], country_of_ip=buyer["country_of_ip"])
        offered = {plan.version.plan.identifier: plan for plan in shown.plans}
        try:
            payment = shop.buy(identifier, **buyer)
        except (PlanIsFree, PlanWantsCustomAmount, QuantityRefused):
            assert offered[identifier].can_be_bought
        except PlanHasNoOneTimePrice:
            assert not offered[identifier].can_be_bought
        except CountryNotServed:
            assert identifier not in offered
        else:
            assert offered[identifier].price.uid == detail_of(payment).chosen.price_uid
            assert offered[identifier].price.currency == payment.currency
            (period,) = [p for p in offered[identifier].periods if p.charge_period == "ONE_TIME"]
            assert period.least is not None
            assert Decimal(payment.amount_minor) == period.least.scaleb(-period.least.as_tuple().exponent)  # type: ignore[operator]


def test_an_offering_knows_the_lock_and_the_last_purchase(shop: Shop) -> None:
    assert shop.offered(customer_reference="nobody").customer is None
    shop.buy("giveaway")
    bought = shop.buy("giveaway", currency="USD")
    shown = shop.offered(customer_reference="cust_visa", country_of_ip="JP", plans=frozenset({"worldwide", "none"}))
    assert (shown.currency, shown.country) == ("USD", "JP")
    assert [plan.price.currency for plan in shown.plans] == ["USD"]
    assert shown.bought is not None
    assert shown.bought.uid == bought.uid
    assert shop.offered().bought is None


def test_refusals_of_the_catalog_are_told_apart(shop: Shop) -> None:
    for kind, fields in ((ArchivePlan, {}), (DiscardPlan, {}), (EditPlan, {"version": None, "changes": {}})):
        with pytest.raises(NotInCatalog) as refused:
            shop.do(kind, identifier="nothing", **fields)
        assert isinstance(refused.value, Refusal)
