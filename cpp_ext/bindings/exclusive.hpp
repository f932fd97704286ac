// SPDX-License-Identifier: Apache-2.0
/// A lock on an object that Python threads share, taken without the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <mutex>

namespace trocar::bindings {

/// Waiting for the mutex with the GIL held would deadlock with a holder that wants the GIL back.
class Exclusive {
 public:
  explicit Exclusive(std::mutex& mutex) : lock_(mutex, std::defer_lock) {
    if (lock_.try_lock()) return;
    const pybind11::gil_scoped_release release;
    lock_.lock();
  }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace trocar::bindings
