# SPDX-License-Identifier: Apache-2.0
"""Scripted experts, one a task: from observations to actions, nothing else."""
