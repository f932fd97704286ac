# SPDX-License-Identifier: Apache-2.0
"""ROS 2 nodes of the perception room; the only place in it that imports rclpy."""
