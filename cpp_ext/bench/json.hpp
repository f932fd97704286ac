// SPDX-License-Identifier: Apache-2.0
/// As much JSON as the benchmark needs: one object a line, numbers that JSON knows.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace bench {

class JsonLine {
 public:
  explicit JsonLine(const std::string& kind) { add("kind", kind); }
  JsonLine& add(const std::string& key, const std::string& value) {
    return raw(key, '"' + value + '"');
  }
  JsonLine& add(const std::string& key, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return raw(key, std::isfinite(value) ? text : "null");
  }
  /// Print the line and let it go at once: the reader shows progress.
  void print() const {
    std::printf("{%s}\n", text_.c_str());
    std::fflush(stdout);
  }

 private:
  JsonLine& raw(const std::string& key, const std::string& value) {
    text_ += (text_.empty() ? "\"" : ", \"") + key + "\": " + value;
    return *this;
  }
  std::string text_;
};

/// Order statistics of a sample, which is sorted in place.
inline double quantile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return std::nan("");
  return sorted[static_cast<std::size_t>(p * static_cast<double>(sorted.size() - 1) + 0.5)];
}

}  // namespace bench
