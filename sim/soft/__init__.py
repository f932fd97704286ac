# SPDX-License-Identifier: Apache-2.0
"""Soft bodies: meshes, the core's tissue over them, jaws that hold it, and all of it in a cell."""
