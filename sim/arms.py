# SPDX-License-Identifier: Apache-2.0
"""The simulated arms of a cell and what drives each of them."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.faults.plant import ArmFaults
from trocar.sim.objects.load import Load
from trocar.sim.objects.tool import ToolPose
from trocar.sim.scene import ECM, CellTruth, Scene


class Port(Protocol):
    """The plant's end of the arm seam: `_core.LockstepPort` or `_core.PlantPort`."""

    def exchange(self, q: Array, qd: Array, tau: Array, stamp_ns: int) -> _core.PlantOutput:
        """Hand over a measured state, get what the plant does in the coming tick."""
        ...


class SimulatedArm:
    """A PSM of the cell: its plant, driven through a port or by a controller in this process."""

    def __init__(
        self,
        scene: Scene,
        cell: CellTruth,
        name: str,
        driver: _core.Arm | Port,
        parameters: _core.DynamicParameters | None = None,
    ) -> None:
        """`driver`: an arm of the core is ticked in lockstep; `parameters`: the plant's own."""
        self.name = name
        dynamics = parameters or _core.DynamicParameters()
        self.plant = _core.ArmPlant(
            _core.PlantModel.psm(dynamics),
            cell.T_world_base[name],
            scene.initial_q[name],
            name=name,
            seed=cell.noise_seed + list(scene.arms).index(name),
            count=scene.encoder.resolution,
            noise=scene.encoder.noise,
            velocity_noise=scene.encoder.velocity_noise,
            bias=cell.joint_bias[name],
            stiffness=scene.drive.stiffness,
            backlash=scene.drive.backlash,
            settling_s=scene.drive.settling_s,
        )
        self._port: Port | None = None
        self._lockstep: _core.LockstepArm | None = None
        if isinstance(driver, _core.Arm):
            self._lockstep = _core.LockstepArm(
                driver,
                self.plant,
                state_delay=scene.link.state_delay_ms,
                command_delay=scene.link.command_delay_ms,
                loss=scene.link.loss,
                seed=cell.noise_seed + list(scene.arms).index(name),
            )
        else:
            self._port = driver
        self._is_loaded = False

    def run(self, ticks: int, stamp_ns: int) -> _core.PlantOutput:
        """So many milliseconds from the stamp on; what the plant was told in the last."""
        if self._lockstep is not None:
            return self._lockstep.run(ticks)
        assert self._port is not None  # for the type checker
        for k in range(ticks):
            output = self._port.exchange(*self.plant.measure(), stamp_ns + k * _core.TICK_NS)
            self.plant.step(output)
        return output

    @property
    def missed(self) -> int:
        """Ticks in which the controller's command did not come, so far; lockstep only."""
        return 0 if self._lockstep is None else self._lockstep.missed

    def feel(self, load: Load | None) -> None:
        """What the surroundings do to the instrument from now on; None: nothing."""
        if load is not None:
            self.plant.apply_wrench(load.force, load.torque, load.grip)
        elif self._is_loaded:
            self.plant.apply_wrench(np.zeros(3), np.zeros(3), 0.0)
        self._is_loaded = load is not None

    @property
    def axes(self) -> int:
        """Number of joints, the jaw counted."""
        return self.plant.size

    def set_faults(self, faults: ArmFaults) -> None:
        """What is wrong with the arm and its link from the next tick on, as a whole."""
        self.plant.set_faults(
            encoder_jump=faults.encoder_jump,
            effort_share=faults.effort_share,
            cable_slip=faults.cable_slip,
            is_stuck=faults.is_stuck,
        )
        link = self._lockstep if self._lockstep is not None else self._port
        if isinstance(link, (_core.LockstepArm, _core.PlantPort)):
            link.packet_loss = faults.packet_loss
        elif faults.packet_loss > 0.0:
            raise ConfigurationError(
                f"fault packet_loss: the link of {self.name} is a {type(link).__name__}, which "
                "cannot lose packets; use an Arm in lockstep or a PlantPort"
            )

    def tool(self) -> ToolPose:
        """Where the instrument truly is."""
        jaw, speed = float(self.plant.q_true[6]), float(self.plant.qd_true[6])
        return ToolPose(self.plant.link_frames(), jaw, speed, self.plant.twist_world_cp)


class SimulatedEcm:
    """The arm that holds the endoscope: a plant and a servo, enabled, with brakes off."""

    def __init__(self, scene: Scene) -> None:
        """Stand at the scene's joints."""
        model = _core.PlantModel.ecm()
        T_world_base = scene.T_world_base(ECM)
        self.plant = _core.ArmPlant(model, T_world_base, scene.initial_q[ECM], name=ECM)
        self.servo = _core.JointServo(model, T_world_base, name=ECM)
        self.servo.enable()
        self._lockstep = _core.LockstepServo(self.servo, self.plant)

    @property
    def axes(self) -> int:
        """Number of joints."""
        return self.plant.size

    def set_faults(self, faults: ArmFaults) -> None:
        """What is wrong with the arm from the next tick on; its servo has no link to lose."""
        if faults.packet_loss > 0.0:
            raise ConfigurationError(
                "fault packet_loss: the ECM's servo stands beside its plant; name another arm"
            )
        self.plant.set_faults(
            encoder_jump=faults.encoder_jump,
            effort_share=faults.effort_share,
            cable_slip=faults.cable_slip,
            is_stuck=faults.is_stuck,
        )

    def run(self, ticks: int) -> None:
        """So many milliseconds."""
        self._lockstep.run(ticks)
