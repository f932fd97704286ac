# SPDX-License-Identifier: Apache-2.0
"""One arbiter per arm: exactly one source commands, the others are told that they do not.

Rules (design.md, section 2): the default source is `crtk` where nothing starts by itself
and `none` otherwise; the console's dead-man takes over from any source; letting go holds and
does not return to the earlier source; a `teleop` or `follow` source stale for more than 5 s is
released to the default, `crtk` is idle by nature and is not; hold and stop come from anyone.
"""

from dataclasses import dataclass

from trocar.errors import CommandRefusedError, ConfigurationError

NS = 1_000_000_000
SOURCES = ("none", "crtk", "teleop", "follow")
AUTOSTARTS = ("none", "follow")
RELEASE_AFTER_S = 5.0
_STALEABLE = ("teleop", "follow")


@dataclass(frozen=True)
class Handover:
    """A change of source: `reason` is a sentence for people."""

    earlier: str
    source: str
    reason: str
    stamp_ns: int


class Arbiter:
    """Who commands the arm.  Callers hold it on every `Handover`: no source inherits motion."""

    def __init__(self, autostart: str = "none", release_after_s: float = RELEASE_AFTER_S) -> None:
        """Begin with the default source; raises ConfigurationError for another `autostart`."""
        if autostart not in AUTOSTARTS:
            raise ConfigurationError(
                f"autostart '{autostart}' is unknown; one of {', '.join(AUTOSTARTS)}"
            )
        self.default = "crtk" if autostart == "none" else "none"
        self.source = self.default
        self.reason = "default source"
        self._release_after_ns = int(release_after_s * NS)
        self._alive_ns = 0
        self._is_operator_holding = False

    def request(self, source: str, now_ns: int) -> Handover | None:
        """Give the arm to `source` because someone asked; None where it has it already.

        Raises CommandRefusedError for an unknown name, or while a person holds the dead-man.
        """
        if source not in SOURCES:
            raise CommandRefusedError(
                f"request_source '{source}' is unknown; one of {', '.join(SOURCES)}"
            )
        if self._is_operator_holding and source != "teleop":
            raise CommandRefusedError(
                "not in control: the operator holds the dead-man;"
                f" '{source}' may ask after its release"
            )
        self._alive_ns = now_ns  # the one who asked gets the full time to begin
        return self._give(source, f"'{source}' asked for", now_ns)

    def take_over(self, now_ns: int) -> Handover | None:
        """The dead-man was pressed: teleoperation, from any source."""
        self._is_operator_holding = True
        self._alive_ns = now_ns
        return self._give("teleop", "dead-man pressed", now_ns)

    def let_go(self) -> None:
        """The dead-man was released: the source stays `teleop`, held, until someone asks or 5 s."""
        self._is_operator_holding = False

    def keep_alive(self, source: str, now_ns: int) -> None:
        """News from a source; only that of the active one counts."""
        if source == self.source:
            self._alive_ns = max(self._alive_ns, now_ns)

    def release(self, reason: str, now_ns: int) -> Handover | None:
        """Take the arm from `teleop` or `follow` (hold, stop, fault): back to the default."""
        self._is_operator_holding = False
        if self.source not in _STALEABLE:
            return None
        return self._give(self.default, reason, now_ns)

    def tick(self, now_ns: int) -> Handover | None:
        """Release a stale operator or follower."""
        if self.source not in _STALEABLE or now_ns - self._alive_ns <= self._release_after_ns:
            return None
        seconds = self._release_after_ns / NS
        self._is_operator_holding = False
        return self._give(
            self.default, f"'{self.source}' had no news for more than {seconds:g} s", now_ns
        )

    def check(self, source: str) -> None:
        """Raise CommandRefusedError where `source` does not have the arm."""
        if source != self.source:
            raise CommandRefusedError(
                f"not in control: '{self.source}' commands the arm;"
                f" ask with request_source '{source}'"
            )

    def _give(self, source: str, reason: str, now_ns: int) -> Handover | None:
        if source == self.source:
            return None
        handover = Handover(self.source, source, reason, now_ns)
        self.source, self.reason = source, reason
        return handover
