# SPDX-License-Identifier: Apache-2.0
"""Chains from files against Pinocchio; each malformed file refused in one clear line."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar import _core, chain, models
from trocar.errors import ConfigurationError

PSM_YAML = """
convention: modified
joints:
  - {name: yaw, type: revolute, alpha: 1.5707963267948966, a: 0, d: 0, theta: 1.5707963267948966,
     limits: [-1.588, 1.588], velocity: 1.5, effort: 3.3}
  - {name: pitch, type: revolute, alpha: -1.5707963267948966, a: 0, d: 0,
     theta: -1.5707963267948966}
  - {name: insertion, type: prismatic, alpha: 1.5707963267948966, a: 0, d: -0.4318, theta: 0}
  - {name: roll, type: revolute, alpha: 0, a: 0, d: 0.4162, theta: 0}
  - {name: wrist_pitch, type: revolute, alpha: -1.5707963267948966, a: 0, d: 0,
     theta: -1.5707963267948966}
  - {name: wrist_yaw, type: revolute, alpha: -1.5707963267948966, a: 0.0091, d: 0,
     theta: -1.5707963267948966}
tool: {position: [0, 0, 0], quat_xyzw: [-0.5, 0.5, 0.5, 0.5]}
"""
JOINT = "{type: revolute, alpha: 0, a: 0, d: 0, theta: 0}"


def urdf_joint(name: str, kind: str, parent: str, child: str, rest: str = "") -> str:
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f"{rest}</joint>"
    )


def urdf(joints: str, links: int = 3) -> str:
    names = "".join(f'<link name="l{i}"/>' for i in range(links))
    return f'<robot name="r">{names}{joints}</robot>'


LIMIT = '<limit lower="-1" upper="1" velocity="2" effort="3"/>'


def random_urdf(seed: int, size: int) -> str:
    """Revolute, continuous, prismatic and fixed joints, any axis and origin."""
    random = np.random.default_rng(seed)
    joints, moving, link = "", 0, 0
    while moving < size:
        fixed = link % 4 == 2
        kind = "fixed" if fixed else random.choice(["revolute", "prismatic", "continuous"])
        axis = random.normal(size=3)
        axis = [[0, 0, 1], [0, 0, -1], [1, 0, 0], axis / np.linalg.norm(axis)][link % 4]
        numbers = " ".join(f"{v:.17g}" for v in axis)
        xyz = " ".join(f"{v:.17g}" for v in random.uniform(-0.3, 0.3, 3))
        rpy = " ".join(f"{v:.17g}" for v in random.uniform(-3, 3, 3))
        rest = f'<origin xyz="{xyz}" rpy="{rpy}"/><axis xyz="{numbers}"/>{LIMIT}'
        joints += urdf_joint(f"j{link}", kind, f"l{link}", f"l{link + 1}", rest)
        moving += not fixed
        link += 1
    rest = '<origin xyz="0.1 0.2 0.3" rpy="0.4 0.5 0.6"/>'
    joints += urdf_joint("tip", "fixed", f"l{link}", f"l{link + 1}", rest)
    return urdf(joints, link + 2)


def write(tmp_path, text: str, suffix: str = ".yaml"):
    path = tmp_path / f"arm{suffix}"
    path.write_text(text)
    return path


@pytest.mark.parametrize("seed", range(12))
def test_a_urdf_agrees_with_pinocchio(tmp_path, seed):
    import pinocchio as pin

    size = 1 + seed % 8
    text = random_urdf(seed, size)
    ours = chain.load(write(tmp_path, text, ".urdf")).chain
    model = pin.buildModelFromXML(text)
    data = model.createData()
    frame = model.nframes - 1
    axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    random = np.random.default_rng(seed)
    assert ours.size == size
    for _ in range(20):
        q, qd = random.uniform(-1, 1, size), random.uniform(-1, 1, size)
        q_pin = pin.neutral(model)
        q_pin = pin.integrate(model, q_pin, q)  # continuous joints are cosine and sine there
        pin.computeJointJacobiansTimeVariation(model, data, q_pin, qd)
        pin.updateFramePlacements(model, data)
        np.testing.assert_allclose(ours.fk(q), data.oMf[frame].homogeneous, atol=1e-12)
        J = pin.getFrameJacobian(model, data, frame, axes).reshape(6, size)
        np.testing.assert_allclose(ours.jacobian(q), J, atol=1e-12)
        rate = pin.getFrameJacobianTimeVariation(model, data, frame, axes).reshape(6, size)
        np.testing.assert_allclose(ours.jacobian_rate(q, qd), rate, atol=1e-11)


def test_the_psms_jacobian_rate_agrees_with_pinocchio(pinocchio_psm):
    oracle = pinocchio_psm(_core.DynamicParameters())
    pin = oracle.pin
    random = np.random.default_rng(1)
    axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    for q in random.uniform(_core.Q_MIN, _core.Q_MAX, (500, 7)):
        qd = random.uniform(-2, 2, 7)
        pin.computeJointJacobiansTimeVariation(oracle.model, oracle.data, q, qd)
        pin.updateFramePlacements(oracle.model, oracle.data)
        rate = pin.getFrameJacobianTimeVariation(oracle.model, oracle.data, oracle.tool, axes)
        ours = _core.psm_jacobian_rate(q[:6], qd[:6])
        np.testing.assert_allclose(ours, rate[:, :6], atol=1e-12)


def test_a_dh_table_is_the_psm(tmp_path):
    named = chain.load(write(tmp_path, PSM_YAML))
    assert named.joint_names[2] == "insertion"
    assert named.chain.q_max[0] == 1.588 and named.chain.effort_max[0] == 3.3
    assert named.chain.q_max[1] == np.inf  # no stops were given
    for q in np.random.default_rng(2).uniform(_core.Q_MIN[:6], _core.Q_MAX[:6], (50, 6)):
        np.testing.assert_allclose(named.chain.fk(q), _core.psm_fk(q), atol=1e-12)


def test_a_standard_table_is_the_mtm(tmp_path):
    h = np.pi / 2
    rows = [(h, 0, 0, -h), (0, 0.2794, 0, -h), (-h, 0.3645, 0, h), (h, 0, 0.1506, 0),
            (-h, 0, 0, 0), (h, 0, 0, -h), (0, 0, 0, h)]  # fmt: skip
    text = "convention: standard\njoints:\n" + "".join(
        f"  - {{type: revolute, alpha: {a!r}, a: {b}, d: {d}, theta: {t!r}}}\n"
        for a, b, d, t in rows
    )
    ours = chain.load(write(tmp_path, text)).chain
    q = np.random.default_rng(3).uniform(-1, 1, 7)
    np.testing.assert_allclose(ours.fk(q), models.get("MTMR").chain.fk(q), atol=1e-15)


def test_base_and_tip_choose_a_branch(tmp_path):
    text = urdf(
        urdf_joint("a", "revolute", "l0", "l1", LIMIT)
        + urdf_joint("b", "revolute", "l1", "l2", LIMIT)
        + urdf_joint("c", "prismatic", "l1", "l3", LIMIT),
        4,
    )
    path = write(tmp_path, text, ".urdf")
    assert chain.load(path, tip="l3").joint_names == ("a", "c")
    assert chain.load(path, base="l1", tip="l2").joint_names == ("b",)
    with pytest.raises(ConfigurationError, match="branches; choose a tip: l2, l3"):
        chain.load(path)
    with pytest.raises(ConfigurationError, match="no link 'l9'; allowed: l0, l1"):
        chain.load(path, tip="l9")
    with pytest.raises(ConfigurationError, match="no joints lead from link l2 to link l3"):
        chain.load(path, base="l2", tip="l3")


BAD_YAML = [
    ("", "the file is no mapping"),
    ("a: [", "not YAML"),
    ("convention: modified", "lacks the key 'joints'"),
    (f"joints: [{JOINT}]", "lacks the key 'convention'"),
    (f"convention: crooked\njoints: [{JOINT}]", "convention is 'crooked'; allowed: modified"),
    (f"convention: [1]\njoints: [{JOINT}]", r"convention is \[1\]"),
    (f"convention: modified\njoints: [{JOINT}]\ncolour: 1", "unknown key 'colour'"),
    ("convention: modified\njoints: []", "joints: 0; allowed: a list of 1 to 8"),
    ("convention: modified\njoints: 3", "joints: 3; allowed"),
    (f"convention: modified\njoints: [{', '.join([JOINT] * 9)}]", "joints: 9; allowed"),
    ("convention: modified\njoints: [1]", r"joints\[0\] is no mapping"),
    (JOINT.replace("revolute", "helical"), r"joints\[0\].type is 'helical'; allowed: revolute"),
    (JOINT.replace("a: 0", "a: .nan", 1).replace("alph.nan", "alpha: 0"), "allowed: a"),
    (JOINT.replace("d: 0", "d: far"), r"joints\[0\].d is 'far'; allowed: a number"),
    (JOINT.replace("d: 0", "d: true"), r"joints\[0\].d is True; allowed: a number"),
    (JOINT.replace("d: 0", "d: .inf"), r"joints\[0\].d is inf; allowed: a finite number"),
    (JOINT.replace("d: 0", "d: 1" + "0" * 400), r"joints\[0\].d is beyond any float"),
    (JOINT.replace("d: 0, ", ""), "lacks the key 'd'"),
    (JOINT.replace("}", ", limits: [1, -1]}"), "limits are reversed: 1 > -1"),
    (JOINT.replace("}", ", limits: 3}"), r"limits is 3; allowed: \[lowest, highest\]"),
    (JOINT.replace("}", ", limits: [.nan, 1]}"), "limits is nan"),
    (JOINT.replace("}", ", effort: -1}"), "effort must be >= 0"),
    (JOINT.replace("}", ", name: 7}"), r"joints\[0\].name is 7; allowed: text"),
    (
        f"convention: modified\njoints: [{JOINT}]\ntool: {{quat_xyzw: [0, 0, 0, 2]}}",
        "quaternion .* has norm 2",
    ),
    (
        f"convention: modified\njoints: [{JOINT}]\ntool: {{position: [0, 0]}}",
        r"tool.position is \[0, 0\]; allowed: 3 numbers",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD_YAML)
def test_a_bad_table_is_refused_in_one_line(tmp_path, text, message):
    if text.startswith("{"):
        text = f"convention: modified\njoints: [{text}]"
    with pytest.raises(ConfigurationError, match=message) as caught:
        chain.load(write(tmp_path, text))
    assert "\n" not in str(caught.value) and "arm.yaml" in str(caught.value)


J = urdf_joint("a", "revolute", "l0", "l1", LIMIT)
BAD_URDF = [
    ("<robot", "not XML"),
    ("<world/>", "the root is <world>"),
    (urdf(""), "branches; choose a tip"),
    (urdf("", 1), "no joint leads to link l0"),
    (urdf(urdf_joint("a", "fixed", "l0", "l1"), 2), "0 moving joints"),
    (urdf(urdf_joint("a", "ball", "l0", "l1"), 2), "joint a has the type 'ball'; allowed: rev"),
    (urdf(urdf_joint("a", "floating", "l0", "l1"), 2), "has the type 'floating'"),
    (urdf(urdf_joint("a", "revolute", "l0", "l7"), 2), "<child> is 'l7', which is no link"),
    (urdf(urdf_joint("a", "revolute", "l0", "l1"), 2), "revolute without <limit>"),
    (urdf(J.replace('"-1"', '"2"'), 2), "limits are reversed: 2 > 1"),
    (urdf(J.replace('"-1"', '"nan"'), 2), "joint a: lower is 'nan'; allowed: 1 finite"),
    (urdf(J.replace("</joint>", '<axis xyz="0 0 0"/></joint>'), 2), "has no direction"),
    (urdf(J.replace("</joint>", '<axis xyz="0 0"/></joint>'), 2), "axis is '0 0'"),
    (urdf(J.replace("</joint>", '<origin rpy="x"/></joint>'), 2), "rpy is 'x'; allowed: 3"),
    (urdf(J.replace("</joint>", '<mimic joint="b"/></joint>'), 2), "mimics another"),
    (urdf(J + J.replace('"a"', '"b"'), 2), "link l1 hangs on two joints"),
    (urdf(J + urdf_joint("b", "fixed", "l1", "l0"), 3), "no joint leads to link l2"),
    (urdf(J.replace('<parent link="l0"/>', ""), 2), "joint a has no <parent>"),
    (random_urdf(1, 9), "9 moving joints from l0 to .* allowed: 1 to 8"),
]


@pytest.mark.parametrize(("text", "message"), BAD_URDF)
def test_a_bad_urdf_is_refused_in_one_line(tmp_path, text, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        chain.load(write(tmp_path, text, ".urdf"))
    assert "\n" not in str(caught.value) and "arm.urdf" in str(caught.value)


def test_joints_in_a_circle_are_refused(tmp_path):
    text = urdf(J + urdf_joint("b", "fixed", "l1", "l0"), 2)
    with pytest.raises(ConfigurationError, match="circle"):
        chain.load(write(tmp_path, text, ".urdf"), tip="l1")


def test_a_missing_file_and_an_unknown_kind(tmp_path):
    with pytest.raises(ConfigurationError, match="No such file"):
        chain.load(tmp_path / "none.yaml")
    with pytest.raises(
        ConfigurationError, match="unknown kind '.txt'; allowed: .yaml, .yml, .urdf"
    ):
        chain.load(write(tmp_path, "", ".txt"))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5),
                    lambda x: st.lists(x, max_size=4) | st.dictionaries(
                        st.sampled_from(["convention", "joints", "type", "alpha", "a", "d",
                                         "theta", "limits", "tool"]), x, max_size=6)))  # fmt: skip
def test_no_data_raises_anything_else(tmp_path_factory, data):
    import yaml

    path = tmp_path_factory.mktemp("chain") / "arm.yaml"
    path.write_text(yaml.safe_dump(data))
    try:
        chain.load(path)
    except ConfigurationError as error:
        assert "\n" not in str(error)


def test_ik_reaches_pinocchios_poses_and_names_the_rest(tmp_path):
    ours = chain.load(write(tmp_path, random_urdf(5, 6), ".urdf")).chain
    random = np.random.default_rng(6)
    for _ in range(50):
        q = random.uniform(-1, 1, 6)
        result = ours.ik(ours.fk(q), q + random.uniform(-0.05, 0.05, 6))
        assert result.status is _core.ChainIkStatus.OK
        assert (result.q >= ours.q_min).all() and (result.q <= ours.q_max).all()
        np.testing.assert_allclose(ours.fk(result.q), ours.fk(q), atol=1e-9)
    far = np.eye(4)
    far[0, 3] = 50.0
    stuck = ours.ik(far, np.zeros(6))
    assert stuck.status not in (_core.ChainIkStatus.OK, _core.ChainIkStatus.INVALID)
    assert stuck.position_error > 40.0
    assert ours.ik(np.full((4, 4), np.nan), np.zeros(6)).status is _core.ChainIkStatus.INVALID


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], np.zeros((0, 4, 4))), "0 joints, allowed 1 to 8"),
        (([0] * 9, np.zeros((9, 4, 4))), "9 joints, allowed 1 to 8"),
        (([2], np.eye(4)[None]), r"types\[0\] is no JointType"),
        (([0], np.eye(4)), r"T_parent_joint has shape \(4, 4\), allowed \(1, 4, 4\)"),
        (([0], np.zeros((1, 4, 4))), "joint 0: T_parent_joint is no rigid transform"),
    ],
)
def test_a_bad_chain_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        _core.Chain(*arguments)


def test_bad_ranges_of_a_chain_are_refused():
    T = np.eye(4)[None]
    with pytest.raises(ValueError, match="joint 0: q_min 1.* are no range"):
        _core.Chain([0], T, q_min=[1.0], q_max=[0.0])
    with pytest.raises(ValueError, match="joint 0: q_min nan"):
        _core.Chain([0], T, q_min=[np.nan])
    with pytest.raises(ValueError, match="joint 0: velocity_max and effort_max must be >= 0"):
        _core.Chain([0], T, effort_max=[-1.0])
    with pytest.raises(ValueError, match="iterations 0 and restarts 8"):
        _core.Chain([0], T).ik(np.eye(4), [0.0], iterations=0)
