# SPDX-License-Identifier: Apache-2.0
"""Composition: the `trocar` command, launch runner, scenarios, benchmarks, evaluation, doctor."""
