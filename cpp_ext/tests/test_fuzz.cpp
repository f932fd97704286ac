// SPDX-License-Identifier: Apache-2.0
/// The fuzz targets on seeded random bytes: always, and under every sanitizer.  With clang's
/// libFuzzer, which looks for the bytes that lead farther: make fuzz.
#include <doctest/doctest.h>

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../fuzz/targets.hpp"

namespace fuzz {

void broken(const char* promise, const char* file, int line) {
  throw std::runtime_error(std::string(file) + ":" + std::to_string(line) + ": " + promise);
}

}  // namespace fuzz

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kInputs = 60;
#else
constexpr int kInputs = 300;
#endif

/// Long inputs and short ones; bytes of all values, or mostly small ones.
std::vector<std::uint8_t> input_of(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint8_t> bytes(random() % 4 == 0 ? random() % 64 : random() % 4096);
  const std::uint64_t mask = random() % 4 == 0 ? 0x0f : 0xff;
  for (std::uint8_t& b : bytes) b = static_cast<std::uint8_t>(random() & mask);
  return bytes;
}

}  // namespace

TEST_CASE("fuzz: every public entry keeps its promises on any bytes") {
  for (const fuzz::Target& target : fuzz::kTargets) {
    for (std::uint64_t seed = 0; seed < kInputs; ++seed) {
      const std::string name = target.name;
      CAPTURE(name);
      CAPTURE(seed);
      const std::vector<std::uint8_t> bytes = input_of(seed);
      fuzz::Bytes in(bytes.data(), bytes.size());
      CHECK_NOTHROW(target.run(in));
    }
  }
}
