"""The one exception for mistakes that a user can mend."""

__all__ = ["ScError", "require"]


class ScError(ValueError):
    """Bad input: the message names the value and the rule. The command line prints it without a traceback."""


def require(condition: object, message: str) -> None:
    """Raise `ScError(message)` unless `condition` holds."""
    if not condition:
        raise ScError(message)
