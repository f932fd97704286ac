# SPDX-License-Identifier: Apache-2.0
"""Tasks in the simulated cell: goals, observations, success, Gymnasium environments, experts."""
