# SPDX-License-Identifier: Apache-2.0
"""Perception: images in, estimates with covariance, state and capture stamp out."""
