// SPDX-License-Identifier: Apache-2.0
/// libFuzzer's way in.  TROCAR_FUZZ_TARGET names a target; without it the first byte chooses one.
#include <cstdio>
#include <cstdlib>

#include "targets.hpp"

namespace fuzz {

void broken(const char* promise, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, promise);
  std::abort();
}

namespace {

const Target* chosen() {
  const char* name = std::getenv("TROCAR_FUZZ_TARGET");
  if (name == nullptr || *name == '\0') return nullptr;
  for (const Target& target : kTargets) {
    if (std::strcmp(target.name, name) == 0) return &target;
  }
  std::fprintf(stderr, "no fuzz target %s; choose from:", name);
  for (const Target& target : kTargets) std::fprintf(stderr, " %s", target.name);
  std::fprintf(stderr, "\n");
  std::exit(2);
}

}  // namespace

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Target* const only = fuzz::chosen();
  fuzz::Bytes in(data, size);
  const fuzz::Target& target =
      only != nullptr ? *only : fuzz::kTargets[in.byte() % std::size(fuzz::kTargets)];
  target.run(in);
  return 0;
}
