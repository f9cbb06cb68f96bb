"""The console, with what its pages ask."""

from __future__ import annotations

from tollhouse.apis.desk import Desk
from tollhouse.apis.endpoints import IsRefused
from tollhouse.apis.people.login import Login
from tollhouse.apis.purchases import Purchases
from tollhouse.apis.refunds import Refunds
from tollhouse.console import ConsoleDoor, Visits
from tollhouse.console.pages.audit import Audit
from tollhouse.console.pages.charge_changes import ChargeChanges
from tollhouse.console.pages.charges import Charges
from tollhouse.console.pages.corrections import Corrections
from tollhouse.console.pages.customer_changes import CustomerChanges
from tollhouse.console.pages.customer_money import CustomerMoney
from tollhouse.console.pages.customer_sale import CustomerSale
from tollhouse.console.pages.customers import Customers
from tollhouse.console.pages.deliveries import Deliveries
from tollhouse.console.pages.keys import Keys
from tollhouse.console.pages.me import Me
from tollhouse.console.pages.overview import SHOWN as TOP_CUSTOMERS
from tollhouse.console.pages.overview import Overview
from tollhouse.console.pages.own_login import OwnLogin
from tollhouse.console.pages.payments import Payments
from tollhouse.console.pages.people import People
from tollhouse.console.pages.person_changes import PersonChanges
from tollhouse.console.pages.plan_charging import PlanCharging
from tollhouse.console.pages.plans import Plans
from tollhouse.console.pages.products import Products
from tollhouse.console.pages.rates import Rates
from tollhouse.console.pages.roles import Roles
from tollhouse.console.pages.taxes import Taxes
from tollhouse.console.pages.transactions import Transactions
from tollhouse.console.pages.webhooks import Webhooks
from tollhouse.console.signing_in import SigningIn
from tollhouse.ledger.standings import Standings
from tollhouse.store.queries.audit import SqlAuditQueries
from tollhouse.store.queries.console.charges import SqlChargeLists
from tollhouse.store.queries.console.customers import SqlCustomerPageQueries
from tollhouse.store.queries.console.deliveries import SqlDeliveryLists
from tollhouse.store.queries.console.keys import SqlKeyLists
from tollhouse.store.queries.console.people import SqlPeopleLists
from tollhouse.store.queries.console.timelines import SqlTimelineQueries
from tollhouse.store.queries.console.transactions import SqlTransactionLists
from tollhouse.store.queries.overview import SqlOverviewQueries
from tollhouse.store.queries.owned import SqlOwnedQueries
from tollhouse.store.store import SqlStore


def open_console(
    desk: Desk, store: SqlStore, purchases: Purchases, refunds: Refunds, is_refused: IsRefused
) -> ConsoleDoor:
    """`is_refused` tells of an address that nothing may be sent to."""
    login = Login(desk)
    visits = Visits(desk, login, desk.settings.console_seconds)
    deliveries = SqlDeliveryLists(store)
    lists, charges = SqlTransactionLists(store), SqlChargeLists(store)
    overview = SqlOverviewQueries(store)
    return ConsoleDoor(
        desk,
        visits,
        SigningIn(login, visits),
        Customers(SqlCustomerPageQueries(store), SqlTimelineQueries(store)),
        CustomerMoney(),
        CustomerSale(purchases),
        CustomerChanges(),
        Overview(overview, Standings(lambda tenant_id: overview.top_customers(tenant_id, TOP_CUSTOMERS), desk.clock)),
        Plans(SqlOwnedQueries(store)),
        PlanCharging(desk, SqlOwnedQueries(store)),
        Products(),
        Taxes(),
        Rates(),
        Transactions(lists),
        Corrections(refunds),
        Payments(lists),
        Charges(charges, lists),
        ChargeChanges(charges),
        Webhooks(deliveries, is_refused),
        Deliveries(deliveries),
        Keys(SqlKeyLists(store)),
        People(SqlPeopleLists(store), login.tokens),
        PersonChanges(login.tokens),
        Roles(),
        Audit(SqlAuditQueries(store)),
        Me(login.tokens),
        OwnLogin(login),
    )
