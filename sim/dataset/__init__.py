# SPDX-License-Identifier: Apache-2.0
"""Data sets: seeded, randomised sequences of pictures, truth and joints, written to a folder."""
