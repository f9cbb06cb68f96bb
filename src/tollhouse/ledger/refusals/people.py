"""People and roles."""

from __future__ import annotations

from tollhouse.ledger.refusals.refusal import Refusal


class PersonUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Person does not exist.")


class SeveralPeople(Refusal):
    def __init__(self) -> None:
        super().__init__("More than one person has this e-mail.")


class UsernameTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("This username is taken.")


class PasswordNotCopied(Refusal):
    def __init__(self) -> None:
        super().__init__("A password can be copied only from a person of the same customer.")


class PrivilegeLacking(Refusal):
    """The caller would give, or reach through somebody else, what its own role does not allow."""

    def __init__(self) -> None:
        super().__init__("Your role does not allow this.")


class OwnDeletionRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Nobody may delete themselves.")


class OwnLockRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Nobody may lock themselves out.")


class OwnSystemAccessRefused(Refusal):
    def __init__(self) -> None:
        super().__init__("Nobody may take their own system access away.")


class RoleUnknown(Refusal):
    def __init__(self) -> None:
        super().__init__("Role does not exist.")


class RoleNameTaken(Refusal):
    def __init__(self) -> None:
        super().__init__("Another role has this name.")


class CodeRefused(Refusal):
    """A one-time code that is wrong, was used before, or has nothing that it could confirm."""

    def __init__(self) -> None:
        super().__init__("The one-time code is wrong or was used before.")
