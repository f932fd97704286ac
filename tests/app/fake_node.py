# SPDX-License-Identifier: Apache-2.0
"""A node without ROS for the launcher's tests; what it does is said in FAKE_<NAME>.

"" ends on a stop request; `stubborn` ignores signals; `die:S:CODE` ends by itself; `slow:S` takes
S seconds to end; `parent` starts a child of its own.  Events go to the file FAKE_LOG.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from trocar.process import StopFlag, segment_name, write_report

name = Path(sys.argv[0]).name
behaviour = os.environ.get(f"FAKE_{name.upper()}", "")


def log(event: str) -> None:
    with open(os.environ["FAKE_LOG"], "a") as file:
        file.write(f"{time.monotonic_ns()} {name} {event} {os.getpid()}\n")


stop = StopFlag()
if behaviour == "stubborn":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if behaviour == "parent":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    log(f"child={child.pid}")
if name == "sim_node":
    Path("/dev/shm", segment_name()).write_text("cell")
log("started")
print(f"{name} says hello", flush=True)
begun = time.monotonic()
while behaviour == "stubborn" or not stop:
    time.sleep(0.01)
    if behaviour.startswith("die:") and time.monotonic() - begun > float(behaviour.split(":")[1]):
        log("died")
        sys.exit(int(behaviour.split(":")[2]))
log(f"stopping-{stop.reason.replace(' ', '-')}")
if behaviour.startswith("slow:"):
    time.sleep(float(behaviour.split(":")[1]))
if name == "sim_node" and behaviour != "leaves":
    Path("/dev/shm", segment_name()).unlink(missing_ok=True)
write_report(name.removesuffix("_node"), {"fake": True})
log("ended")
