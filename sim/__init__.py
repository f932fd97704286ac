# SPDX-License-Identifier: Apache-2.0
"""The simulated cell: PyBullet arm, breathing tissue, stereo endoscope, exact truth.

May import the root package, `_core`, pybullet and moderngl; ROS only in `nodes`.
"""
