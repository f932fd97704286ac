# SPDX-License-Identifier: Apache-2.0
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from trocar.app import cli, doctor, doctor_checks
from trocar.app.doctor_checks import Finding, State


def test_what_is_missing_and_needed_is_fatal_and_the_rest_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Finding("numpy", State.OK, "2")
    slow = Finding("OpenGL (EGL)", State.FALLBACK, "none", "sudo mend it", needed=False)
    extra = Finding("torch", State.MISSING, "only training", "make it", needed=False)
    monkeypatch.setattr(doctor_checks, "examine", lambda port: [good, slow, extra])
    assert cli.main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "trocar run will work here (with reservations: OpenGL (EGL))" in said
    assert "-> sudo mend it" in said
    broken = Finding("rclpy", State.MISSING, "No module", "pip install it")
    monkeypatch.setattr(doctor_checks, "examine", lambda port: [good, broken])
    assert cli.main(["doctor"]) == 1
    assert "will not work here: rclpy" in capsys.readouterr().out


def test_every_finding_that_is_not_ok_here_has_a_command_that_mends_it() -> None:
    findings = doctor_checks.examine(18099)
    names = [f.name for f in findings]
    assert {"python", "trocar._core", "rclpy", "DDS profile", "/dev/shm", "cores"} <= set(names)
    for finding in findings:
        if finding.state in (State.MISSING, State.FALLBACK):
            assert finding.mend, finding
    assert len(doctor.table(findings)) >= len(findings)


def test_a_missing_package_is_named_with_the_command() -> None:
    finding = doctor_checks.check_package("no_such_module", "no-such-distribution")
    assert finding.is_fatal and "no_such_module" in finding.detail
    assert finding.mend.endswith("-m pip install no-such-distribution")


def test_a_child_that_hangs_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "CHILD_TIMEOUT", 0.3)
    ok, said = doctor_checks.run_child("import time; time.sleep(30)")
    assert not ok and "no answer" in said


def test_a_port_in_use_is_a_fallback() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        finding = doctor_checks.check_port(taken.getsockname()[1])
    assert finding.state is State.FALLBACK and not finding.is_fatal


def test_dds_profile_must_hold_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "profile.xml"
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", str(path))
    assert doctor_checks.check_dds_profile().is_fatal
    path.write_text("<p><segment_size>524288</segment_size></p>")
    assert doctor_checks.check_dds_profile().state is State.FALLBACK
    path.write_text("<p><segment_size>16777216</segment_size></p>")
    assert doctor_checks.check_dds_profile().state is State.OK


def test_our_own_dds_profile_holds_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FASTDDS_DEFAULT_PROFILES_FILE", raising=False)
    assert doctor_checks.check_dds_profile().state is State.OK


@pytest.mark.parametrize("check", [doctor_checks.check_opengl, doctor_checks.check_priority])
def test_no_opengl_and_no_priority_are_fallbacks_that_are_said(
    check: Callable[[], Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_checks, "run_child", lambda code: (False, "refused here"))
    finding = check()
    assert finding.state is State.FALLBACK and not finding.is_fatal
    assert "TinyRenderer" in finding.detail or "counted" in finding.detail


def test_a_hardware_renderer_is_unproven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_checks, "run_child", lambda code: (True, "Some GPU"))
    assert doctor_checks.check_opengl().state is State.UNPROVEN


def test_an_apt_ros_is_unproven_and_a_missing_one_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/opt/ros/jazzy/lib/python3.12/site-packages/rclpy/__init__.py"
    monkeypatch.setattr(doctor_checks, "run_child", lambda code: (True, path))
    assert doctor_checks.check_ros().state is State.UNPROVEN
    monkeypatch.setattr(doctor_checks, "run_child", lambda code: (False, "No module named rclpy"))
    assert doctor_checks.check_ros().is_fatal
