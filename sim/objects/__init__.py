# SPDX-License-Identifier: Apache-2.0
"""Rigid things in the cell: what they are, how they look, how PyBullet moves them."""
