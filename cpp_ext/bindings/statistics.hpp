// SPDX-License-Identifier: Apache-2.0
/// Histograms as dictionaries.
#pragma once

#include <pybind11/pybind11.h>

#include "trocar/histogram.hpp"

namespace trocar::bindings {

/// {p50, p99, max} in microseconds; zeros where nothing was measured.
inline pybind11::dict quantiles_us(const Histogram& h) {
  pybind11::dict d;
  d["p50"] = 1e-3 * h.quantile_ns(0.5);
  d["p99"] = 1e-3 * h.quantile_ns(0.99);
  d["max"] = 1e-3 * static_cast<double>(h.max_ns());
  return d;
}

}  // namespace trocar::bindings
