// SPDX-License-Identifier: Apache-2.0
#include "trocar/process_identity.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace trocar {

namespace {

/// Start time of a live process, 0 where there is none (or only a zombie).
std::uint64_t start_of(std::int64_t pid) {
  char path[64];
  std::snprintf(path, sizeof(path), "/proc/%lld/stat", static_cast<long long>(pid));
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) return 0;
  char text[1024];
  const std::size_t n = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  text[n] = '\0';
  const char* after_name = std::strrchr(text, ')');  // the name may hold anything, ')' too
  if (after_name == nullptr) return 0;
  char state = 'Z';
  unsigned long long start = 0;
  const int read =
      std::sscanf(after_name + 1,
                  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                  "%*d %*d %llu",
                  &state, &start);
  return read == 2 && state != 'Z' && state != 'X' ? start : 0;
}

}  // namespace

ProcessIdentity this_process() {
  const std::int64_t pid = getpid();
  return {pid, start_of(pid)};
}

bool is_alive(const ProcessIdentity& process) {
  return process.pid > 0 && process.start != 0 && start_of(process.pid) == process.start;
}

}  // namespace trocar
