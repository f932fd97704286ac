// SPDX-License-Identifier: Apache-2.0
#include "trocar/realtime.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include <cerrno>
#include <cstring>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace trocar {

namespace {

std::int64_t now(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<std::int64_t>(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t monotonic_ns() { return now(CLOCK_MONOTONIC); }

std::int64_t system_ns() { return now(CLOCK_REALTIME); }

std::string set_realtime(int priority) {
  if (priority < 1 || priority > 99) {
    return "priority " + std::to_string(priority) + " is not allowed: give 1 to 99";
  }
  sched_param parameters{};
  parameters.sched_priority = priority;
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) != 0) {
    return "SCHED_FIFO " + std::to_string(priority) + " refused (" + std::strerror(errno) +
           "): grant CAP_SYS_NICE, or rtprio in /etc/security/limits.conf";
  }
  // On fault: memory that is never touched need not be there, so a small machine does not run out.
  if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0) {
    return std::string("memory lock refused (") + std::strerror(errno) +
           "): grant CAP_IPC_LOCK, or memlock in /etc/security/limits.conf";
  }
  return "";
}

void prepare_punctual_thread() {
  prctl(PR_SET_TIMERSLACK, 1UL);
#if defined(__SSE__)
  _mm_setcsr(_mm_getcsr() | 0x8040);  // flush to zero, denormals are zero
#elif defined(__aarch64__)
  std::uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" : : "r"(fpcr | (1ULL << 24)));  // FZ
#endif
  volatile char stack[64 * 1024];
  for (std::size_t i = 0; i < sizeof(stack); i += 4096) stack[i] = 0;
}

}  // namespace trocar
