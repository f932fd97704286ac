# SPDX-License-Identifier: Apache-2.0
"""What became of a command, in words, and who is told how often.

Every command of a client is answered.  The streams that this process makes itself (follow,
teleoperation) are answered where the answer changes: 200 equal lines a second tell nobody
anything.
"""

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from trocar import _core
from trocar.errors import CommandRefusedError

NS = 1_000_000_000
VERDICTS = {
    _core.Verdict.ACCEPTED: "accepted",
    _core.Verdict.ALTERED: "altered",
    _core.Verdict.REFUSED: "refused",
}


@dataclass(frozen=True)
class Answer:
    """`what` is the CRTK name of the command, `verdict` accepted, altered or refused."""

    what: str
    source: str
    verdict: str
    reason: str
    stamp_ns: int


@dataclass(frozen=True)
class Message:
    """A line for people: level "error", "warning" or "status"."""

    level: str
    text: str
    stamp_ns: int


class Answers:
    """Joins the core's results to the commands they belong to, and keeps what is to be told."""

    def __init__(self, quiet_s: float = 1.0) -> None:
        """`quiet_s`: the same complaint is not repeated to people within that time."""
        self.answers: deque[Answer] = deque(maxlen=1000)
        self.messages: deque[Message] = deque(maxlen=200)
        self._quiet_ns = int(quiet_s * NS)
        self._waiting: dict[int, tuple[str, str]] = {}
        self._last_own: dict[str, tuple[str, str]] = {}
        self._said: dict[str, int] = {}

    def expect(self, seq: int, what: str, source: str) -> None:
        """A command was handed to the core under that number."""
        self._waiting[seq] = (what, source)
        while len(self._waiting) > 2000:  # only where the core's ring of results ran over
            self._waiting.pop(next(iter(self._waiting)))

    def refuse(self, what: str, source: str, reason: str, now_ns: int) -> None:
        """A command never reached the core."""
        self._tell(Answer(what, source, "refused", reason, now_ns))

    def accept(self, what: str, source: str, now_ns: int) -> None:
        """A command was carried out here, without the core."""
        self._tell(Answer(what, source, "accepted", "", now_ns))

    def attempt(self, what: str, source: str, now_ns: int, give: Callable[[], int]) -> bool:
        """Hand a command to the core, or answer why it is refused; whether it was handed over."""
        try:
            self.expect(give(), what, source)
        except CommandRefusedError as refusal:
            self.refuse(what, source, str(refusal), now_ns)
            return False
        return True

    def take(self, results: list[_core.Result]) -> None:
        """What the core answered since the last time."""
        for result in results:
            what, source = self._waiting.pop(result.seq, ("command", result.source.name.lower()))
            reason = "" if result.reason == _core.Reason.NONE else _core.describe(result.reason)
            is_news = result.reason != _core.Reason.SUPERSEDED  # the newer one is answered as well
            answer = Answer(what, source, VERDICTS[result.verdict], reason, result.stamp_ns)
            self._tell(answer, is_news)

    def say(self, level: str, text: str, now_ns: int) -> None:
        """A line for people, at most once per quiet time (numbers in it do not make it another)."""
        key = level + re.sub(r"\d+(\.\d+)?", "#", text)
        said_ns = self._said.get(key)
        if said_ns is None or now_ns - said_ns >= self._quiet_ns:
            self._said[key] = now_ns
            self.messages.append(Message(level, text, now_ns))

    def _tell(self, answer: Answer, is_news: bool = True) -> None:
        if answer.source != "crtk" and answer.what != "request_source":
            outcome = (answer.verdict, answer.reason)
            if self._last_own.get(answer.what) == outcome:
                return
            self._last_own[answer.what] = outcome
        self.answers.append(answer)
        if not is_news:
            return
        if answer.verdict == "refused":
            self.say("error", f"{answer.what} refused: {answer.reason}", answer.stamp_ns)
        elif answer.verdict == "altered":
            self.say("warning", f"{answer.what} altered: {answer.reason}", answer.stamp_ns)
