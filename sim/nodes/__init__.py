# SPDX-License-Identifier: Apache-2.0
"""The simulator's ROS 2 processes: `sim_node` (physics) and `render_node` (endoscope)."""
