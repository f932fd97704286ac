# SPDX-License-Identifier: Apache-2.0
"""Sparse tissue tracking in both eyes, and the smooth target frame that rides on it."""
