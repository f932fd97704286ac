# SPDX-License-Identifier: Apache-2.0
"""The surgeon's console: one page on loopback and its server.  Knows no ROS (but for nodes/)."""
