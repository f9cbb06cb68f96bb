"""Applying a provisioning document: one unit of work, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
import uuid
import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from tollhouse.domain import money
from tollhouse.domain.decimals import decimal_from_text, decimal_text
from tollhouse.domain.identity import folded_email, is_email, reference_ok
from tollhouse.domain.pricing import AMOUNT_DECIMALS_MAX
from tollhouse.ledger.addresses import is_source
from tollhouse.ledger.auditing.entries import ENTRY
from tollhouse.ledger.auditing.noting import Notes
from tollhouse.ledger.catalog.features import details_of as feature_details_of
from tollhouse.ledger.catalog.products import details_of as product_details_of
from tollhouse.ledger.clock import CLOCK_MAX, SECOND, Clock
from tollhouse.ledger.commands import Actor
from tollhouse.ledger.day_figures import recount
from tollhouse.ledger.enrolling import customer_changed
from tollhouse.ledger.exchanging import exchange_rate
from tollhouse.ledger.facts import (
    ROOT_NUMBER,
    ROOT_PATH,
    ChargeFact,
    CustomerFact,
    ExchangeRateFact,
    Fact,
    FeatureDetailsFact,
    FeatureFact,
    KeyFact,
    LoginNameFact,
    PersonFact,
    PlanFact,
    ProductDetailsFact,
    ProductFact,
    RoleFact,
    TaxFact,
    TenantFact,
)
from tollhouse.ledger.facts.fact import ChangingFact
from tollhouse.ledger.keys import new_text
from tollhouse.ledger.one_time_codes import is_secret
from tollhouse.ledger.ports import Store, UnitOfWork
from tollhouse.ledger.provisioning.document import (
    CustomerTable,
    Document,
    ExchangeRateTable,
    KeyTable,
    PaymentMethodTable,
    PersonTable,
    PlanTable,
    ProvisioningRefused,
    SegmentTable,
    TaxTable,
    TenantTable,
    WebhookEndpointTable,
)
from tollhouse.ledger.provisioning.noting import applied_entry, noted_unit
from tollhouse.ledger.provisioning.payment_methods import apply_method
from tollhouse.ledger.provisioning.plans import Reading, apply_sold, known_feature
from tollhouse.ledger.provisioning.segments import apply_segment
from tollhouse.ledger.provisioning.webhooks import apply_endpoint
from tollhouse.ledger.refusals import RateRefused
from tollhouse.ledger.search_words import NO_WORDS, keep_words, search_words
from tollhouse.ledger.totals import new_customers

F = TypeVar("F", bound=Fact)
Named = TypeVar("Named", ProductFact, FeatureFact)

_NO_TENANT = 0
#: Keys of the tenant's table that are no column as they stand.
_NOT_TENANT_VALUES = frozenset({"slug", "currency", "clock", "hosts"})


class Applied(msgspec.Struct):
    """What apply did: counts of what was made by table, and each generated secret, to be shown once."""

    tenant: TenantFact
    made: dict[str, int]
    secrets: list[tuple[str, str]]


class _NumbersLacking(Exception):
    """The document can be applied once these numbers are set aside."""

    def __init__(self, given: dict[str, int], counts: dict[str, int]) -> None:
        super().__init__(given, counts)
        self.given = given
        self.counts = counts


def apply(
    store: Store, clock: Clock, document: Document, *, hash_password: Callable[[str], str], by: Actor | None = None
) -> Applied:
    """Bring a tenant to what the document says. Applying it again changes nothing. What it changed is one entry of the
    audit log, where somebody is answerable for it.

    Where rows are new it is run more than once: a run that lacks numbers is rolled back and tells which, so that a
    refused document takes none and no other takes more than it needs.
    """
    tenant_id = {tenant.slug: tenant.tenant_id for tenant in store.tenants()}.get(document.tenant.slug, _NO_TENANT)
    passwords = {
        person.username: hash_password(person.password)
        for person in document.people
        if person.password and store.login_name(person.username) is None
    }
    numbers = _Numbers()
    while True:
        try:
            with store.unit_of_work(tenant_id) as unit:
                notes = Notes()
                noted = unit if by is None else noted_unit(unit, notes)
                application = _Application(store, noted, numbers, clock.now(), passwords)
                application.run(document)
                if by is not None:
                    application.tell(by, notes, clock.now())
                numbers.check()
                application.finish()
            return Applied(application.known_tenant(), application.made, application.secrets)
        except _NumbersLacking as lacking:
            if tenant_id == _NO_TENANT:
                tenant_id = store.reserve_numbers(_NO_TENANT, "tenant", 1)
            numbers.add(store, tenant_id, lacking)


class _Numbers:
    """The numbers of new rows. A run takes those that are held, then ones that stand in for what is lacking."""

    def __init__(self) -> None:
        self._held: dict[str, list[int]] = {}
        self._passed: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        self._given: dict[str, int] = {}

    def take(self, name: str) -> int:
        taken = self._taken.get(name, 0)
        self._taken[name] = taken + 1
        held = self._held.get(name, [])
        return held[taken] if taken < len(held) else -1 - taken

    def give(self, name: str, number: int) -> int:
        """A number given by hand: none up to it is handed out by itself from then on."""
        self._given[name] = max(number, self._given.get(name, 0))
        return number

    def check(self) -> None:
        """End a run: raises _NumbersLacking unless every number was there."""
        given = {name: most for name, most in self._given.items() if most > self._passed.get(name, 0)}
        counts = {name: taken - len(self._held.get(name, [])) for name, taken in self._taken.items()}
        counts = {name: count for name, count in counts.items() if count > 0}
        self._taken, self._given = {}, {}
        if given or counts:
            raise _NumbersLacking(given, counts)

    def add(self, store: Store, tenant_id: int, lacking: _NumbersLacking) -> None:
        for name, most in lacking.given.items():
            store.advance_numbers(tenant_id, name, most)
            self._passed[name] = most
        for name, count in lacking.counts.items():
            first = store.reserve_numbers(tenant_id, name, count)
            self._held.setdefault(name, []).extend(range(first, first + count))


class _Application:
    """One application of a document, inside its unit of work."""

    def __init__(
        self, store: Store, unit: UnitOfWork, numbers: _Numbers, now: int, password_hashes: dict[str, str]
    ) -> None:
        self._store = store
        self._unit = unit
        self._numbers = numbers
        self._now = now
        self._password_hashes = password_hashes
        self._tenant_id = unit.tenant_id
        self.tenant: TenantFact | None = None
        self._made_customers: list[CustomerFact] = []
        self._is_in_another_zone = False
        self.made: dict[str, int] = {}
        self.secrets: list[tuple[str, str]] = []

    def run(self, document: Document) -> None:
        self._live_by_clock(document.tenant)
        self.tenant = self._apply_tenant(document.tenant)
        for key in document.keys:
            self._apply_key(key)
        for role in document.roles:
            self._apply_role(role.name, role.privileges)
        self._apply_catalog(document)
        for index, customer in enumerate(document.customers):
            self._apply_customer(f"customers[{index}]", customer)
        for plan in document.plans:
            self._apply_plan_owner(plan)
        for person in document.people:
            self._apply_person(person)
        for method in document.payment_methods:
            self._apply_payment_method(method)
        for tax in document.taxes:
            self._apply_tax(tax)
        for index, rate in enumerate(document.exchange_rates):
            self._apply_rate(f"exchange_rates[{index}]", rate)
        for index, endpoint in enumerate(document.webhook_endpoints):
            self._apply_webhook_endpoint(f"webhook_endpoints[{index}]", endpoint)
        for index, segment in enumerate(document.segments):
            self._apply_segment(f"segments[{index}]", segment)

    def finish(self) -> None:
        """Figures come last, as in every commit: see Book.append."""
        if self._made_customers:
            self._unit.add_totals(new_customers(self._tenant_id, self._made_customers))
        if self._is_in_another_zone:
            recount(self._unit, self.known_tenant())

    def tell(self, by: Actor, notes: Notes, now: int) -> None:
        """Write down what was noted; `now` by the system's clock."""
        entry = applied_entry(by, self.known_tenant(), notes, take=lambda: self._take(ENTRY), now=now)
        if entry is not None:
            self._unit.insert([entry])

    # The tenant, its keys and people.

    def _apply_tenant(self, table: TenantTable) -> TenantFact:
        existing = next(iter(self._unit.find(TenantFact, lock=True)), None)
        _require(
            bool(table.slug) and _is_slug(table.slug), "tenant.slug", "must be lower-case letters, digits, - and _"
        )
        currency = _currency("tenant.currency", table.currency or (existing.currency if existing else "USD"))
        if existing and currency != existing.currency:
            raise ProvisioningRefused(f"tenant.currency: is {existing.currency} and cannot be changed.")
        if table.timezone is not None:
            _require(_is_timezone(table.timezone), "tenant.timezone", "must be an IANA time zone such as Europe/Berlin")
        for name in ("session_window_minutes", "empty_period_grace_minutes"):
            minutes = getattr(table, name)
            _require(minutes is None or 0 <= minutes <= 10**6, f"tenant.{name}", "must be between 0 and 1000000")
        tenant = existing or TenantFact(
            tenant_id=self._tenant_id,
            slug=table.slug,
            name=table.slug,
            currency=currency,
            timezone="UTC",
            session_window_minutes=30,
            blocked=0,
            anchor="calendar",
            empty_period_grace_minutes=60,
            public_keys_may_charge=1,
            private_webhooks=0,
            hosts="[]",
            created_at=self._now,
            clock_at=None if table.clock is None else self._now,
        )
        if existing is not None and table.clock is not None:
            _require(existing.clock_at is not None, "tenant.clock", "belongs to a tenant from its first day or never")
        changed = {name: value for name, value in _tenant_values(table).items() if value != getattr(tenant, name)}
        for name, value in changed.items():
            setattr(tenant, name, value)
        if existing is None:
            self._unit.insert([tenant])
            self._count("tenant")
            self._add_root_customer(tenant)
        elif changed:
            self._unit.change(TenantFact, {}, **changed)
            if "timezone" in changed:
                self._is_in_another_zone = True
                # Where customers have no time zone of their own, what falls due falls due at another time.
                self._unit.change(ChargeFact, {"deleted_at": None, "enrolling_from": None}, enrolling_at=self._now)
                self._unit.change(ChargeFact, {"deleted_at": None}, enrolling_from=0)
        return tenant

    def _live_by_clock(self, table: TenantTable) -> None:
        """A test tenant's file counts by its clock, which is set when the tenant is made and never by a file again."""
        existing = next(iter(self._unit.find(TenantFact)), None)
        if existing is not None and existing.clock_at is not None:
            self._now = existing.clock_at
        elif existing is None and table.clock is not None:
            self._now = instant_of("tenant.clock", table.clock)
            _require(0 <= self._now < CLOCK_MAX, "tenant.clock", "must be from 1970 on and before the year 5000")

    def _add_root_customer(self, tenant: TenantFact) -> None:
        self._unit.insert([self._new_customer(tenant, self._numbers.give("customer", ROOT_NUMBER), 0, ROOT_PATH)])

    def _apply_key(self, table: KeyTable) -> None:
        name = table.name or table.kind
        if self._unit.find(KeyFact, name=name):
            # Also one that was revoked: no file brings it back.
            return
        secret = table.secret or new_text(table.kind)
        key_hash = hashlib.sha256(secret.encode()).hexdigest()
        if self._store.key(key_hash) is not None:
            raise ProvisioningRefused(f"keys.{name}: this secret is in use already.")
        self._unit.insert([KeyFact(key_hash, self._tenant_id, name, table.kind, self._now, None)])
        self._count("keys")
        if table.secret is None:
            self.secrets.append((f"{table.kind} key {name}", secret))

    def _apply_role(self, name: str, privileges: dict[str, int]) -> None:
        for privilege, access in privileges.items():
            _require(access in (0, 1, 2), f"roles.{name}.{privilege}", "must be 0 (no), 1 (yes) or 2 (read-only)")
        found = self._unit.find(RoleFact, name=name)
        role_id = found[0].role_id if found else self._take("role")
        if not found:
            self._count("roles")
        description = found[0].description if found else ""
        self._unit.upsert([RoleFact(self._tenant_id, role_id, name, json.dumps(privileges), description)])

    def _apply_person(self, table: PersonTable) -> None:
        where = f"people.{table.username}"
        roles = self._unit.find(RoleFact, name=table.role)
        _require(bool(roles), f"{where}.role", "names no role of this tenant")
        _require(bool(self._unit.find(CustomerFact, number=table.customer)), f"{where}.customer", "does not exist")
        login = self._store.login_name(table.username)
        if login is not None:
            _require(login.tenant_id == self._tenant_id, where, "is a username of another tenant")
            self._change_person(where, table, login.person_id, roles[0].role_id)
            return
        password_hash = self._password_hashes.get(table.username)
        if password_hash is None:
            raise ProvisioningRefused(f"{where}.password: is required for a new person.")
        person_id = self._take("person")
        person = PersonFact(
            tenant_id=self._tenant_id,
            person_id=person_id,
            username=table.username,
            password_hash=password_hash,
            role_id=roles[0].role_id,
            customer_number=table.customer,
            locked=0,
            created_at=self._now,
            totp_secret=table.totp_secret or "",
        )
        is_usable = not person.totp_secret or is_secret(person.totp_secret)
        _require(is_usable, f"{where}.totp_secret", "must be base 32 of at least 112 bits")
        for name, value in _person_values(where, table).items():
            setattr(person, name, value)
        self._unit.insert([LoginNameFact(table.username, self._tenant_id, person_id)])
        self._unit.insert([person])
        self._count("people")

    def _change_person(self, where: str, table: PersonTable, person_id: int, role_id: int) -> None:
        """Another role or customer ends the person's tokens."""
        (person,) = self._unit.find(PersonFact, lock=True, person_id=person_id)
        values = {"role_id": role_id, "customer_number": table.customer}
        is_moved = any(value != getattr(person, name) for name, value in values.items())
        self._unit.change(
            PersonFact,
            {"person_id": person_id},
            **values,
            **_person_values(where, table),
            token_epoch=person.token_epoch + is_moved,
        )

    # Customers.

    def _apply_customer(self, where: str, table: CustomerTable) -> None:
        tenant = self.known_tenant()
        _require(
            table.number is not None or table.reference is not None or table.email is not None,
            where,
            "needs a number, a reference or an email",
        )
        known = self._known_customer(table)
        if known is None:
            number = self._number("customer", table.number)
            # Whoever changes the tree holds its root: a parent that is being moved is read when it has arrived.
            self._unit.find(CustomerFact, lock=True, number=ROOT_NUMBER)
            parent = self._parent(where, table.parent or ROOT_NUMBER)
            customer = self._new_customer(tenant, number, parent.number, f"{parent.path}{number}.")
            customer.currency = _currency(f"{where}.currency", table.currency or self._plan_currency(table.plan))
            opening = _minor(f"{where}.balance", table.balance, customer.currency)
            customer.balance_minor = customer.opening_balance_minor = opening
        else:
            customer = known
            _require(
                table.currency in (None, customer.currency), f"{where}.currency", "of a customer cannot be changed"
            )
            _require(
                table.parent in (None, customer.parent_number),
                f"{where}.parent",
                "of a customer cannot be changed here",
            )
        before = None if known is None else replace(customer)
        self._fill_customer(where, customer, table)
        if known is None:
            self._unit.insert([customer])
            self._made_customers.append(customer)
            self._count("customers")
        else:
            self._change_customer(customer)
        rows = _RowsAtOnce(tenant, self._now, self._unit)
        keep_words(rows, customer, NO_WORDS if before is None else search_words(before))
        customer_changed(rows, before, customer)

    def _fill_customer(self, where: str, customer: CustomerFact, table: CustomerTable) -> None:
        if table.reference is not None:
            _require(reference_ok(table.reference), f"{where}.reference", "must have 1 to 255 characters")
            others = [c for c in self._live(reference=table.reference) if c.number != customer.number]
            _require(not others, f"{where}.reference", "belongs to another customer")
            customer.reference = table.reference
        if table.email is not None:
            _require(is_email(table.email.strip()), f"{where}.email", "must be an e-mail address")
            customer.email, customer.email_folded = table.email.strip(), folded_email(table.email)
        if table.plan is not None:
            plans = self._unit.find(PlanFact, identifier=table.plan)
            _require(bool(plans), f"{where}.plan", "names no plan of this tenant")
            customer.plan_number = plans[0].number
        if table.timezone is not None:
            _require(_is_timezone(table.timezone), f"{where}.timezone", "must be an IANA time zone")
            customer.timezone = table.timezone
        if table.country is not None:
            _require(_is_country(table.country), f"{where}.country", "must be ISO 3166-1")
            customer.country = table.country.upper()
        if table.name is not None:
            customer.name = table.name
        customer.bill_type = table.bill_type or customer.bill_type

    def _change_customer(self, customer: CustomerFact) -> None:
        names = ("reference", "email", "email_folded", "name", "plan_number", "timezone", "country", "bill_type")
        values = {name: getattr(customer, name) for name in names}
        self._unit.change(CustomerFact, {"number": customer.number}, updated_at=self._now, **values)

    def _known_customer(self, table: CustomerTable) -> CustomerFact | None:
        if table.number is not None:
            found = self._unit.find(CustomerFact, lock=True, number=table.number)
        elif table.reference is not None:
            found = self._live(reference=table.reference)
        else:
            found = self._live(email_folded=folded_email(table.email or ""))
        return found[0] if found else None

    def _live(self, **equals: str) -> list[CustomerFact]:
        return self._unit.find(CustomerFact, lock=True, order=("created_at", "number"), deleted_at=None, **equals)

    def _parent(self, where: str, number: int) -> CustomerFact:
        found = self._unit.find(CustomerFact, number=number)
        _require(bool(found), f"{where}.parent", "does not exist; put parents before their customers")
        return found[0]

    def _plan_currency(self, identifier: str | None) -> str:
        plans = self._unit.find(PlanFact, identifier=identifier) if identifier else []
        return plans[0].currency if plans else self.known_tenant().currency

    def _new_customer(self, tenant: TenantFact, number: int, parent_number: int, path: str) -> CustomerFact:
        return CustomerFact(
            tenant_id=self._tenant_id,
            number=number,
            uid=str(uuid.uuid4()),
            reference=None,
            email=None,
            email_folded=None,
            is_guest=0,
            name=tenant.name if number == ROOT_NUMBER else "",
            parent_number=parent_number,
            path=path,
            plan_number=0,
            currency=tenant.currency,
            currency_lock=None,
            balance_minor=0,
            opening_balance_minor=0,
            bill_type="postpaid",
            timezone="",
            country="",
            sessions=0,
            last_seen_at=None,
            origin="provisioning",
            created_at=self._now,
            updated_at=self._now,
        )

    # The catalog.

    def _apply_catalog(self, document: Document) -> None:
        for product in document.products:
            made = self._apply_named(ProductFact, "product", product.identifier, product.name)
            self._describe(made, product.description)
        for feature in document.features:
            named = self._apply_named(
                FeatureFact, "feature", feature.identifier, feature.name, feature_type=feature.type
            )
            self._describe(named, feature.description)
        for plan in document.plans:
            self._apply_plan(plan)

    def _apply_named(
        self,
        kind: type[Named],
        what: str,
        identifier: str,
        name: str | None,
        **more: Any,
    ) -> Named:
        _require(_is_slug(identifier), f"{what}s.{identifier}", "must be lower-case letters, digits, - and _")
        found = self._unit.find(kind, identifier=identifier)
        if found:
            changes = more if name is None else {**more, "name": name}
            if changes:
                self._unit.change(kind, {"identifier": identifier}, **changes)
            return found[0]
        values: dict[str, Any] = {
            "tenant_id": self._tenant_id,
            f"{what}_id": self._take(what),
            "uid": str(uuid.uuid4()),
        }
        fact = kind(**values, identifier=identifier, name=name or identifier, **more)
        self._unit.insert([fact])
        self._count(f"{what}s")
        return fact

    def _apply_plan(self, table: PlanTable) -> None:
        where = f"plans.{table.identifier}"
        _require(_is_slug(table.identifier), where, "must be lower-case letters, digits, - and _")
        rows = _RowsAtOnce(self.known_tenant(), self._now, self._unit)
        found = self._unit.find(PlanFact, lock=True, identifier=table.identifier)
        plan = found[0] if found else self._new_plan(where, table)
        if table.name is not None:
            plan.name = table.name
        if table.product is not None:
            products = self._unit.find(ProductFact, identifier=table.product)
            _require(bool(products), f"{where}.product", "names no product of this tenant")
            plan.product_id = products[0].product_id
        if table.currency is not None:
            plan.currency = _currency(f"{where}.currency", table.currency)
        if table.features is not None:
            for identifier in table.features:
                known_feature(rows, where, identifier)
            plan.features = json.dumps(table.features)
        plan.state = table.state or plan.state
        self._unit.upsert([plan])
        apply_sold(rows, self.known_tenant(), plan, table, now=self._now, reading=Reading(_currency, _amount))

    def _apply_plan_owner(self, table: PlanTable) -> None:
        """After the customers: one of them owns the plan, others are on it."""
        if table.customer is not None:
            owner = self._parent(f"plans.{table.identifier}", table.customer)
            self._unit.change(PlanFact, {"identifier": table.identifier}, owner_number=owner.number)

    def _new_plan(self, where: str, table: PlanTable) -> PlanFact:
        number = self._number("plan", table.number)
        _require(not self._unit.find(PlanFact, number=number), f"{where}.number", "belongs to another plan")
        self._count("plans")
        return PlanFact(
            tenant_id=self._tenant_id,
            number=number,
            identifier=table.identifier,
            name=table.identifier,
            product_id=0,
            owner_number=ROOT_NUMBER,
            currency=self.known_tenant().currency,
            state="published",
            features="[]",
            created_at=self._now,
        )

    def _describe(self, fact: ProductFact | FeatureFact, description: str | None) -> None:
        """Write down what is said of a product or feature, where that is new."""
        tenant = self.known_tenant()
        if description is None:
            return
        details: ProductDetailsFact | FeatureDetailsFact
        if isinstance(fact, ProductFact):
            details = product_details_of(_RowsAtOnce(tenant, self._now, self._unit), tenant, fact)
        else:
            details = feature_details_of(_RowsAtOnce(tenant, self._now, self._unit), tenant, fact)
        if details.description != description:
            self._unit.upsert([replace(details, description=description, modified_at=self._now)])

    # What money needs.

    def _apply_payment_method(self, table: PaymentMethodTable) -> None:
        customers = self._live(reference=table.customer)
        _require(bool(customers), "payment_methods.customer", f"{table.customer} names no customer")
        take = partial(self._take, "payment_method")
        if apply_method(self._unit, customers[0].number, self._now, table=table, take=take):
            self._count("payment_methods")

    def _apply_tax(self, table: TaxTable) -> None:
        where = f"taxes.{table.name}"
        owner = self._parent(where, table.customer)
        _require(table.liable in (0, 1, 2), f"{where}.liable", "must be 0, 1 or 2")
        flags = ("accounts", "calls", "cardgroups", "charges", "features", "messages", "numbers", "products", "shared")
        for flag in flags:
            _require(getattr(table, flag) in (0, 1), f"{where}.{flag}", "must be 0 or 1")
        found = self._unit.find(TaxFact, owner_number=owner.number, name=table.name)
        tax = TaxFact(
            tenant_id=self._tenant_id,
            tax_id=found[0].tax_id if found else self._take("tax"),
            owner_number=owner.number,
            name=table.name,
            description=table.description,
            rate=decimal_text(_decimal(f"{where}.rate", table.rate, least=0)),
            flat=decimal_text(_decimal(f"{where}.amount", table.amount, least=0)),
            currency=_currency(f"{where}.currency", table.currency or self.known_tenant().currency),
            **{flag: getattr(table, flag) for flag in flags},
            liable=table.liable,
            created_at=found[0].created_at if found else self._now,
        )
        self._unit.upsert([tax])
        if not found:
            self._count("taxes")

    def _apply_rate(self, where: str, table: ExchangeRateTable) -> None:
        effective_at = 0 if table.time is None else instant_of(f"{where}.time", table.time)
        try:
            fact = exchange_rate(
                self._tenant_id,
                from_currency=table.from_currency,
                to_currency=table.to_currency,
                rate=str(table.rate),
                effective_at=effective_at,
            )
        except RateRefused as refusal:
            raise ProvisioningRefused(f"{where}.{refusal}") from refusal
        pair: dict[str, Any] = {"from_currency": fact.from_currency, "to_currency": fact.to_currency}
        if not self._unit.find(ExchangeRateFact, effective_at=fact.effective_at, **pair):
            self._count("exchange_rates")
        self._unit.upsert([fact])

    def _apply_webhook_endpoint(self, where: str, table: WebhookEndpointTable) -> None:
        applied = apply_endpoint(
            self._unit,
            self.known_tenant(),
            self._now,
            where=where,
            table=table,
            take=lambda: self._take("webhook_endpoint"),
        )
        if applied.is_new:
            self._count("webhook_endpoints")
        if applied.secret is not None:
            self.secrets.append((f"secret of webhook endpoint {table.url}", applied.secret))

    def _apply_segment(self, where: str, table: SegmentTable) -> None:
        rows = _RowsAtOnce(self.known_tenant(), self._now, self._unit)
        if apply_segment(rows, where, table, partial(self._take, "segment")):
            self._count("segments")

    # How.

    def known_tenant(self) -> TenantFact:
        if self.tenant is None:
            raise RuntimeError("the tenant is applied first")
        return self.tenant

    def _take(self, name: str) -> int:
        return self._numbers.take(name)

    def _number(self, name: str, given: int | None) -> int:
        """The number of a new row."""
        return self._take(name) if given is None else self._numbers.give(name, given)

    def _count(self, what: str) -> None:
        self.made[what] = self.made.get(what, 0) + 1


class _RowsAtOnce:
    """Rows that are written where they are decided."""

    def __init__(self, tenant: TenantFact, now: int, unit: UnitOfWork) -> None:
        self.tenant = tenant
        self.now = now
        self._unit = unit

    def find(self, kind: type[F], /, *, lock: bool = False, **equals: Any) -> list[F]:
        return self._unit.find(kind, lock=lock, **equals)

    def put(self, fact: ChangingFact) -> None:
        self._unit.upsert([fact])

    def remove(self, fact: ChangingFact, *key: str) -> None:
        self._unit.remove(type(fact), **{name: getattr(fact, name) for name in key})


def _require(condition: bool, where: str, sentence: str) -> None:
    if not condition:
        raise ProvisioningRefused(f"{where}: {sentence}.")


def _person_values(where: str, table: PersonTable) -> dict[str, str]:
    """The columns that the table gives besides role and customer, as they are kept."""
    values: dict[str, str] = {}
    if table.email is not None:
        _require(is_email(table.email.strip()), f"{where}.email", "must be an e-mail address")
        values |= {"email": table.email.strip(), "email_folded": folded_email(table.email)}
    if table.source is not None:
        values["source"] = table.source.strip()
        _require(is_source(table.source), f"{where}.source", "must be IP addresses or CIDR ranges")
    return values


def _tenant_values(table: TenantTable) -> dict[str, Any]:
    """The columns that the table gives, as they are kept."""
    given = {name: getattr(table, name) for name in table.__struct_fields__ if name not in _NOT_TENANT_VALUES}
    values = {name: v if isinstance(v, str) else int(v) for name, v in given.items() if v is not None}
    if table.hosts is not None:
        values["hosts"] = json.dumps([host.lower() for host in table.hosts])
    return values


def instant_of(where: str, time: datetime) -> int:
    """As instants are kept. Raises ProvisioningRefused."""
    _require(time.tzinfo is not None, where, "needs a zone, such as Z")
    try:
        return int(time.astimezone(UTC).timestamp()) * SECOND
    except OverflowError as error:
        raise ProvisioningRefused(f"{where}: is out of range.") from error


def _currency(where: str, code: str) -> str:
    code = code.upper()
    _require(money.is_currency(code), where, "must be an ISO 4217 currency")
    return code


def _decimal(where: str, value: str | int, *, least: int | None = None, decimals_max: int = 6) -> Decimal:
    try:
        number = decimal_from_text(str(value), decimals_max=decimals_max)
    except ValueError as error:
        raise ProvisioningRefused(f"{where}: {error}") from error
    _require(least is None or number >= least, where, f"must be at least {least}")
    return number


def _amount(where: str, value: str | int) -> Decimal:
    return _decimal(where, value, least=0, decimals_max=AMOUNT_DECIMALS_MAX)


def _minor(where: str, value: str | int, currency: str) -> int:
    try:
        return money.minor_from_major(_decimal(where, value), currency)
    except ValueError as error:
        raise ProvisioningRefused(f"{where}: {error}") from error


def _is_slug(text: str) -> bool:
    return 0 < len(text) <= 255 and text.isascii() and all(c.isdigit() or c.islower() or c in "-_" for c in text)


def _is_timezone(name: str) -> bool:
    return name in zoneinfo.available_timezones()


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha()
