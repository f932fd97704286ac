# SPDX-License-Identifier: Apache-2.0
"""Tool tracking by classical means: silhouette, two shaft edges and the tip, in both eyes."""
