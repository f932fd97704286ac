// SPDX-License-Identifier: Apache-2.0
/// glibc lets a program define malloc itself and call the real one by another name.
#include "allocations.hpp"

#include <cstddef>

namespace {
thread_local bool counting = false;
thread_local long counted = 0;
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t n);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* p, std::size_t n);

void* malloc(std::size_t n) {
  counted += counting;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  counted += counting;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  counted += counting;
  return __libc_realloc(p, n);
}
}

namespace bench {

long allocations() { return counted; }
Counting::Counting() { counting = true; }
Counting::~Counting() { counting = false; }

}  // namespace bench
