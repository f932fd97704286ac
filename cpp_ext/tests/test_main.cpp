// SPDX-License-Identifier: Apache-2.0
/// Entry point of the C++ tests; `trocar_core_tests -tc="<name>"` runs one of them.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
