# SPDX-License-Identifier: Apache-2.0
"""Faults on demand: what may break in the cell, when it does, and how it is told to."""
