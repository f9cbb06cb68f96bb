"""How a random machine is played."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

#: Makes an empty store with tables; its address.
NewStore = Callable[[], str]
#: Making a failing story shorter takes longer than a test may: the soak version does it.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)


def play(
    machine: Callable[[NewStore], RuleBasedStateMachine],
    new_store: NewStore,
    *,
    examples: int,
    steps: int,
    phases: tuple[Phase, ...] = tuple(Phase),
) -> None:
    """So many stories of so many steps, each over a store of its own."""
    run_state_machine_as_test(
        lambda: machine(new_store),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            phases=phases,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
