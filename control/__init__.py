# SPDX-License-Identifier: Apache-2.0
"""Control: estimates and operator input in, commands of one arm out.  No ROS outside `nodes`."""
