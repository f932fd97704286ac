# SPDX-License-Identifier: Apache-2.0
"""Anatomy: surfaces and label volumes made into tissue, materials, a procedural abdomen."""
