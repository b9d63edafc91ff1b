"""The one exception for mistakes that a user can mend, and the warnings for what runs but will disappoint."""

__all__ = ["AgreementWarning", "ScError", "ScWarning", "SharedSourceWarning", "SilentNetworkWarning", "require"]


class ScError(ValueError):
    """Bad input: the message names the value and the rule. The command line prints it without a traceback."""


class ScWarning(UserWarning):
    """A call that is legal, and runs as asked, but hardly gives what its caller wants; the message says why."""


class SharedSourceWarning(ScWarning):
    """Both inputs of a multiplier come from one number source in one phase: AND gives their minimum, not a product."""


class SilentNetworkWarning(ScWarning):
    """Neurons that cannot reach their threshold: the message names steady-state voltage and threshold."""


class AgreementWarning(ScWarning):
    """A converted network that gives most samples another class than its model: the message says how many."""


def require(condition: object, message: str) -> None:
    """Raise `ScError(message)` unless `condition` holds."""
    if not condition:
        raise ScError(message)
