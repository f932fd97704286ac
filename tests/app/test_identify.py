# SPDX-License-Identifier: Apache-2.0
"""`trocar identify`: the motion keeps every limit, the fit finds what a plant was made of."""

import contextlib
import functools
import io
import json
import signal
import subprocess
import sys

import numpy as np
import pytest

from trocar import _core
from trocar.app import identify_fit, identify_physical
from trocar.app.cli import main
from trocar.app.force import RANGE_N, force_campaign, measure_force, unmodelled_arm
from trocar.app.identify_motion import JERK_MAX, excitation
from trocar.app.identify_record import Record
from trocar.app.identify_result import identify
from trocar.dynamics_file import load

DT = 1e-3


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    """The whole command, once: exit code, what it printed, the folder it wrote into."""
    folder, out = tmp_path_factory.mktemp("identify"), io.StringIO()
    words = ["--out", folder / "psm1.yaml", "--json", folder / "f.json", "--plot", folder / "f.png"]
    with contextlib.redirect_stdout(out):
        code = main(["identify", "psm1", *map(str, words), "--duration", "10", "--seed", "2"])
    return code, out.getvalue(), folder


@pytest.mark.parametrize("seed", range(5))
def test_the_motion_is_inside_every_limit_and_starts_and_ends_at_rest(seed):
    motion = excitation(seed, 15.0)
    assert (motion.q > np.array(_core.Q_MIN)).all() and (motion.q < np.array(_core.Q_MAX)).all()
    assert (motion.q[:, 2] - 0.0156 > 0.047).all()  # the 45 mm rule and its buffer
    config = _core.ArmConfig()
    limits = (config.velocity_max, config.acceleration_max, JERK_MAX)
    for order, most in enumerate(limits, start=1):
        rate = motion.q
        for _ in range(order):
            rate = np.gradient(rate, DT, axis=0)
        assert (np.abs(rate) <= np.array(most) * 1.001).all(), order
    for end in (0, -1):
        np.testing.assert_allclose(motion.qd[end], 0.0, atol=1e-6)
    assert (np.ptp(motion.q, axis=0) > 0.15 * (np.array(_core.Q_MAX) - _core.Q_MIN)).all()


def test_a_seed_is_a_motion():
    np.testing.assert_array_equal(excitation(3, 12.0).q, excitation(3, 12.0).q)
    assert np.abs(excitation(3, 12.0).q - excitation(4, 12.0).q).max() > 0.1


def ideal_record(p, seed, duration_s=15.0):
    """What a perfect plant says along a motion: torque by the core's own inverse dynamics."""
    motion = excitation(seed, duration_s)
    qdd = np.gradient(motion.qd, DT, axis=0)
    tau = np.array(
        [
            _core.inverse_dynamics(p, q, qd, a) + _core.friction_torque(p, qd)
            for q, qd, a in zip(motion.q, motion.qd, qdd, strict=True)
        ]
    )
    return Record(motion.q, motion.qd, tau, np.array(p.gravity_base))


def test_the_equations_hold_for_the_true_parameters():
    p = _core.DynamicParameters()
    p.products = 0.1 * p.inertia
    data = identify_fit.equations(ideal_record(p, 1), np.array(p.friction_speed))
    x = identify_physical.from_parameters(p)
    gap = data.torque(x) - data.measured
    assert (np.abs(gap).max(axis=0) < 2e-3 * np.array(_core.EFFORT_MAX)).all()


def test_a_perfect_plant_is_found_and_its_model_is_possible():
    true = _core.DynamicParameters().perturbed(0.3, 2)
    speed = np.array(true.friction_speed)
    data = identify_fit.equations(ideal_record(true, 1), speed)
    found = identify_physical.fit(data, identify_fit.weights(data))
    assert (found.mass > 0.0).all() and (found.armature > 0.0).all()
    np.testing.assert_allclose(found.coulomb, true.coulomb, rtol=0.05)
    np.testing.assert_allclose(found.viscous[:4], true.viscous[:4], rtol=0.1)
    held_out = identify_fit.equations(ideal_record(true, 2), speed)
    left = held_out.torque(identify_physical.from_parameters(found)) - held_out.measured
    share = np.std(left, axis=0) / np.std(held_out.measured, axis=0)
    assert (share < 0.01).all(), share


def test_base_parameters_are_independent_and_their_errors_cover_the_truth():
    p = _core.DynamicParameters()
    record = ideal_record(p, 1)
    noise = np.random.default_rng(5).normal(size=record.tau.shape) * 0.02 * _core.EFFORT_MAX
    noisy = Record(record.q, record.qd, record.tau + noise, record.gravity_base)
    clean = identify_fit.equations(record, np.array(p.friction_speed))
    data = identify_fit.equations(noisy, np.array(p.friction_speed))
    weight = identify_fit.weights(data)
    base = identify_fit.base_parameters(data, weight)
    assert 40 < len(base.columns) < 91 and len(base.labels) == len(base.columns)
    A = clean.A[:, :, base.columns].reshape(-1, len(base.columns))
    true, *_ = np.linalg.lstsq(
        A * np.tile(weight, len(clean.b))[:, None], (clean.b * weight).reshape(-1), rcond=None
    )
    z = (base.value - true) / base.error
    assert np.mean(np.abs(z) < 2.0) > 0.85  # 95 % expected
    assert np.abs(z).max() < 6.0


def test_the_command_writes_what_it_says(command):
    code, text, folder = command
    figures = json.loads((folder / "f.json").read_text())
    assert code == 0, text
    assert "std error" in text and "held-out" in text
    assert f"dynamics_file:={folder / 'psm1.yaml'}" in text
    assert len(figures["base_parameters"]) > 40 and len(figures["goals"]) == 7
    shares = [axis["rms_error"] / axis["rms_torque"] for axis in figures["held_out"].values()]
    assert max(shares) < 0.05, shares
    assert (folder / "f.png").exists() or "matplotlib" in text
    assert not list(folder.glob("*.part"))


def test_what_it_writes_is_an_arm_that_the_core_takes(command):
    _, _, folder = command
    config = _core.ArmConfig()
    config.dynamics = load(folder / "psm1.yaml")
    assert (config.dynamics.mass > 0.0).all() and (config.dynamics.coulomb > 0.0).all()
    assert _core.Arm(config).state().tick == 0


def test_known_wrenches_are_found_with_identified_parameters_and_not_with_wrong_ones(command):
    found = measure_force(1, load(command[2] / "psm1.yaml"), poses=1)
    assert max(found["static"]["rmse_n"], found["sine"]["rmse_n"]) <= 0.5, found
    assert sorted(found["static"]["axis_rmse_n"]) == ["x", "y", "z"]
    model = _core.DynamicParameters().perturbed(0.3, 11)
    wrong = measure_force(1, model, poses=1, kinds=("static",))
    assert wrong["static"]["rmse_n"] > 0.5, wrong


def test_a_friction_that_the_model_cannot_have_is_told_and_drives_no_arm(
    tmp_path, capsys, monkeypatch
):
    """No inverse crime: 40 % more friction near rest than the model has a term for."""
    strange = functools.partial(identify, plant=unmodelled_arm())
    monkeypatch.setattr("trocar.app.identify.identify", strange)
    words = ["--out", tmp_path / "psm1.yaml", "--json", tmp_path / "f.json", "--duration", "10"]
    assert main(["identify", "PSM1", *map(str, words)]) == 1
    assert "NOT MET" in (text := capsys.readouterr().out) and "did not write" in text
    assert [path.name for path in tmp_path.iterdir()] == ["f.json"]
    held_out = json.loads((tmp_path / "f.json").read_text())["held_out"]
    shares = [axis["rms_error"] / axis["rms_torque"] for axis in held_out.values()]
    assert 0.05 < max(shares) < 0.2, shares


@pytest.mark.slow
def test_the_row_of_the_benchmark_and_what_it_is_worth():
    """The README's table: the goal is met on the simulator's friction, not on one that sticks."""
    found = force_campaign(seed=1, identify_s=20.0)

    def share(arm=""):
        return max(found[f"{kind}{arm}"]["rmse_n"] for kind in ("static", "sine")) / RANGE_N

    assert share() <= 0.05
    assert share("_default") > 0.05
    assert share() < share("_other_friction") <= 0.05
    assert 0.05 < share("_stiction") < 0.1


def test_an_interrupt_leaves_nothing_behind(tmp_path):
    words = ["--out", tmp_path / "psm1.yaml", "--json", tmp_path / "f.json"]
    command = [sys.executable, "-m", "trocar.app.cli", "identify", "PSM1", *map(str, words)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        seen = b""
        while b"tick/s]" not in seen:  # the bar is there: it moves
            seen += (chunk := process.stderr.read1())
            assert chunk, seen
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert b"PSM1 moves" in seen and b"Traceback" not in rest
    assert not list(tmp_path.iterdir())


def test_what_is_found_is_the_arm_that_moved_not_the_one_in_the_files():
    """The simulator's masses are read by nobody.

    The simulated arm is made of numbers that only this test and the simulator know, 40 % off the
    ones of the package; what is found foretells that arm.  A fit that looked them up anywhere else
    would be wrong by their difference, as the package's own numbers are here.
    """
    secret = _core.DynamicParameters().perturbed(0.4, 11)
    found = identify(seed=5, duration_s=10.0, plant=secret)
    share = found.rms / found.rms_measured
    assert (share < 0.06).all(), share
    book = found.held_out.torque(identify_physical.from_parameters(_core.DynamicParameters()))
    book_rms = np.sqrt(np.mean((book - found.held_out.measured) ** 2, axis=0))
    assert (book_rms > 3.0 * found.rms).all(), (book_rms, found.rms)
    np.testing.assert_allclose(found.parameters.viscous, secret.viscous, rtol=0.15)
    np.testing.assert_allclose(found.parameters.coulomb, secret.coulomb, rtol=0.1)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["PSM9"], "unknown arm 'PSM9'; one of: PSM1"),
        (["PSM1", "--duration", "3"], "--duration is 3, allowed 10 to 600 s"),
        (["PSM1", "--duration", "nan"], "--duration is nan"),
        (["PSM1", "--seed", "-1"], "--seed is -1"),
        (["PSM1", "--out", "/"], "cannot write /;"),
        (["PSM1", "--json", "/proc/f.json"], "cannot write /proc/f.json"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_2(words, message, capsys):
    assert main(["identify", *words]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and message in lines[0]


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as end:
        main(["identify", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(word in text for word in ("--out YAML", "--json F", "--plot PNG", "one of: PSM1"))
