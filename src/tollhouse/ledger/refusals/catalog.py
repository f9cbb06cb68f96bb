"""The catalog."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import FieldRefused, Refusal


class IdentifierTaken(FieldRefused):
    def __init__(self, what: str) -> None:
        super().__init__("identifier", f"{what} with this identifier already exists.")


class NotInCatalog(Refusal):
    """There is no such product, feature, plan or version of one."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} not found.")
        self.what = what


class AlreadyArchived(Refusal):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is already archived.")
        self.what = what


class PlanIsArchived(Refusal):
    def __init__(self) -> None:
        super().__init__("The plan is archived.")


class PlanWithoutPrice(Refusal):
    """The draft has no price that anybody could buy it at."""

    def __init__(self) -> None:
        super().__init__("The plan has no price that is enabled and served anywhere: add one before publishing.")


class PlanAlreadyPublished(Refusal):
    """The latest version is in force: there is no draft."""

    def __init__(self) -> None:
        super().__init__("The plan is already published.")


class VersionNotLatest(Refusal):
    """Of a plan, its latest version alone can be changed."""

    def __init__(self) -> None:
        super().__init__("Only the latest version of a plan can be changed.")
