// What the processor and the system offer: __builtin_cpu_supports is always false with Zig, which compiles the wheels.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define ELMAN_CPUID
#endif

namespace elman {

struct Cpu {
  bool avx2 = false, avx512 = false, vnni = false;  // avx2 with FMA; avx512 with F, VL, BW and DQ
};

inline Cpu read_cpu() {
  Cpu cpu;
#ifdef ELMAN_CPUID
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return cpu;
  const bool fma = c >> 12 & 1, xsave = c >> 27 & 1;
  if (!xsave || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return cpu;
  unsigned low, high;  // which registers the system saves: bits 1 and 2 for AVX, 5 to 7 for AVX-512 besides
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  cpu.avx2 = (low & 0x6) == 0x6 && fma && (b >> 5 & 1);
  cpu.avx512 = (low & 0xe6) == 0xe6 && (b >> 16 & 1) && (b >> 17 & 1) && (b >> 30 & 1) && (b >> 31 & 1);
  cpu.vnni = cpu.avx512 && (c >> 11 & 1);
#endif
  return cpu;
}

// Asked once: on a virtual machine each cpuid leaves to its host.
inline const Cpu& cpu() {
  static const Cpu cpu = read_cpu();
  return cpu;
}

}  // namespace elman
