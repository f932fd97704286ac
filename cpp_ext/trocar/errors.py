# SPDX-License-Identifier: Apache-2.0
"""Errors by cause.  Every message says what, where, the allowed values and the remedy."""


class TrocarError(Exception):
    """Base of every error that Trocar raises on purpose."""


class ConfigurationError(TrocarError):
    """A value from a file, an argument or a parameter is not usable."""


class CommandRefusedError(TrocarError):
    """A command was not executed; the message is the reason."""


class MissingDependencyError(TrocarError):
    """An optional package or a system library is not there; the message says what to install."""


class SharedMemoryError(TrocarError):
    """A shared-memory segment is missing, in use, or of another layout version."""


class UnstablePlantError(TrocarError):
    """A simulated arm diverged: a joint is not finite, or faster than any arm moves."""
