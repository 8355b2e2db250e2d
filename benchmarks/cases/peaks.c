/* What one core can do at most, as JSON: its clock, multiply-adds of 8 bits and of float32 a cycle, bandwidth of copying.

   A product of integers takes 3 cycles on every x86-64 processor of the last ten years, so a chain of them is a clock.
   Twelve independent sums hide the latency of the multiply-adds. */
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 9
#define SUMS 12
#define STEPS 4000000
#define COPIED (256l << 20)

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void clock_chain(void) {
  long x = 3;
  for (long i = 0; i < STEPS; i++) __asm__ volatile("imul %0, %0\n\timul %0, %0\n\timul %0, %0\n\timul %0, %0" : "+r"(x));
}

/* The sums stay in registers: assembler, so that no compiler moves or joins them. */
#define ALL(one) one(0) one(1) one(2) one(3) one(4) one(5) one(6) one(7) one(8) one(9) one(10) one(11)
#define VNNI512(i) "vpdpbusd %%zmm30, %%zmm31, %%zmm" #i "\n\t"
#define FMA512(i) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #i "\n\t"
#define FMA256(i) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #i "\n\t"
#define USED "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"

__attribute__((target("avx512f,avx512vnni"))) static void vnni512(void) {
  __asm__ volatile("vpxord %%zmm30, %%zmm30, %%zmm30\n\tvpxord %%zmm31, %%zmm31, %%zmm31" ::: "xmm30", "xmm31");
  for (long i = 0; i < STEPS; i++) __asm__ volatile(ALL(VNNI512)::: USED);
}

__attribute__((target("avx512f"))) static void fma512(void) {
  __asm__ volatile("vpxord %%zmm30, %%zmm30, %%zmm30\n\tvpxord %%zmm31, %%zmm31, %%zmm31" ::: "xmm30", "xmm31");
  for (long i = 0; i < STEPS; i++) __asm__ volatile(ALL(FMA512)::: USED);
}

__attribute__((target("avx2,fma"))) static void fma256(void) {
  __asm__ volatile("vxorps %%ymm14, %%ymm14, %%ymm14\n\tvxorps %%ymm15, %%ymm15, %%ymm15" ::: "xmm14", "xmm15");
  for (long i = 0; i < STEPS; i++) __asm__ volatile(ALL(FMA256)::: USED);
}

static char *from, *to;
static void copy(void) { memcpy(to, from, COPIED); }

static double fastest(void (*work)(void)) {
  double best = 1e9;
  for (int i = 0; i < ROUNDS; i++) {
    double start = now();
    work();
    double seconds = now() - start;
    if (seconds < best) best = seconds;
  }
  return best;
}

int main(void) {
  from = malloc(COPIED), to = malloc(COPIED);
  memset(from, 1, COPIED), memset(to, 1, COPIED);
  double hz = 12.0 * STEPS / fastest(clock_chain);
  printf("{\"ghz\": %.3f, \"copy_gb_s\": %.2f", hz / 1e9, 2 * COPIED / fastest(copy) / 1e9);
  double in_all = (double)SUMS * STEPS / hz;
  if (__builtin_cpu_supports("avx512f"))
    printf(", \"float32_a_cycle\": %.2f", 16 * in_all / fastest(fma512));
  else if (__builtin_cpu_supports("fma"))
    printf(", \"float32_a_cycle\": %.2f", 8 * in_all / fastest(fma256));
  if (__builtin_cpu_supports("avx512vnni")) printf(", \"int8_a_cycle\": %.2f", 64 * in_all / fastest(vnni512));
  printf("}\n");
  return 0;
}
