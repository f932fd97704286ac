# SPDX-License-Identifier: Apache-2.0
"""ROS 2 face of control: convert, call one object, convert back."""
