# SPDX-License-Identifier: Apache-2.0
"""How a running system is told of faults: one Unix datagram socket a process, and an answer.

The name `trocar.<domain>.fault.<process>` is in Linux's abstract name space: it goes with its
process, however that ends.  Only the same user (or root) on the same machine is heard.  Requests
are JSON: {"fault": words}, {"clear": name, "" for all} or {"list": 1}; answers {"taken": bool,
"text": line}.  No ROS.
"""

import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from trocar.errors import SharedMemoryError
from trocar.process import segment_name

_LARGEST = 4096  # bytes of a request; a fault is a line
_CREDENTIALS = struct.Struct("3i")  # of Linux's ucred: pid, uid, gid
Reply = Callable[[bool, str], None]


def port_name(process: str) -> str:
    """Where a process of this ROS domain listens."""
    return f"{segment_name()}.fault.{process}"


class FaultPort:
    """A process's end; `requests` never waits."""

    def __init__(self, process: str) -> None:
        """Listen; SharedMemoryError where another process does so under this name."""
        self.process = process
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            self._socket.bind(_address(process))
        except OSError as error:
            self._socket.close()
            raise SharedMemoryError(
                f"{port_name(process)}: another {process} process of this domain listens for "
                f"faults ({error.strerror}); end it, or set another ROS_DOMAIN_ID"
            ) from error

    def requests(self) -> Iterator[tuple[dict[str, Any], Reply]]:
        """What has come since the last call; what is no request, or not ours, is refused here."""
        while True:
            try:
                data, ancillary, _, sender = self._socket.recvmsg(
                    _LARGEST, socket.CMSG_SPACE(_CREDENTIALS.size)
                )
            except (BlockingIOError, InterruptedError):
                return
            reply = self._reply_to(sender)
            if not _is_own(ancillary):
                reply(False, "refused: another user's cell")
                continue
            try:
                request = json.loads(data)
            except ValueError:
                request = None
            if isinstance(request, dict):
                yield request, reply
            else:
                reply(False, "no request: JSON of a mapping is needed")

    def tell(self, process: str, request: dict[str, Any]) -> bool:
        """Hand a request on without waiting for its answer; False where nobody listens."""
        try:
            self._socket.sendto(json.dumps(request).encode(), _address(process))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Stop to listen."""
        self._socket.close()

    def _reply_to(self, sender: bytes | str | None) -> Reply:
        def reply(taken: bool, text: str) -> None:
            if not sender or b".fault." in bytes(sender):  # type: ignore[arg-type]
                return  # handed on by a process, which does not wait
            answer = json.dumps({"taken": taken, "text": text[: _LARGEST // 2]})
            try:
                self._socket.sendto(answer.encode(), sender)
            except OSError:
                return  # whoever asked is gone

        return reply


def ask(process: str, request: dict[str, Any], timeout_s: float = 3.0) -> tuple[bool, str]:
    """Send a request to a process and wait for its answer: whether it was taken, and a line.

    SharedMemoryError where nobody listens, TimeoutError where nobody answers.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as own:
        own.bind("")  # an abstract name of the system's choice
        own.settimeout(timeout_s)
        try:
            own.sendto(json.dumps(request).encode(), _address(process))
        except OSError as error:
            raise SharedMemoryError(
                f"no {process} process listens in this domain ({port_name(process)}); start a "
                "simulated cell with trocar run or trocar launch, or set its ROS_DOMAIN_ID"
            ) from error
        answer = json.loads(own.recv(_LARGEST))
    return bool(answer["taken"]), str(answer["text"])


def _address(process: str) -> str:
    return f"\0{port_name(process)}"


def _is_own(ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Whether the sender is this user or root, as the kernel says."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            _, uid, _ = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])
            return uid in (0, os.geteuid())
    return False
