// SPDX-License-Identifier: Apache-2.0
/// Raising the project's own errors from the bindings.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

namespace trocar::bindings {

/// Raise `trocar.errors.<name>` with one line that says what, where, the allowed values, the
/// remedy.
[[noreturn]] inline void raise_error(const char* name, const std::string& message) {
  const pybind11::object type = pybind11::module_::import("trocar.errors").attr(name);
  PyErr_SetObject(type.ptr(), pybind11::str(message).ptr());  // a name may hold a zero byte
  throw pybind11::error_already_set();
}

}  // namespace trocar::bindings
