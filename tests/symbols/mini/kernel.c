/* A kernel of one page: what the tests of the symbols stage need of a vmlinux. */
#define noinline __attribute__((noinline))

const char linux_banner[] =
	"Linux version 6.99.0-mini (me@here) (gcc) #7 SMP Mon Jan 1 00:00:00 UTC 2024\n";

struct cpuinfo { int family; } boot_cpu_data, cpu_info;
int alternatives_patched;
const char *const x86_cap_flags[] = { "fpu", 0, "de" };
volatile int sink;

static noinline void report(struct cpuinfo *c, unsigned int feature)
{
	if (alternatives_patched)
		__asm__ volatile("ud2"); /* early */
	sink = feature + (c == &boot_cpu_data);
	__asm__ volatile("ud2" : : : "rsi"); /* late */
}

static inline __attribute__((always_inline)) void inlined(struct cpuinfo *c, unsigned int feature)
{
	report(c, feature); /* in inlined */
	sink++;
}

static noinline void helper(int n)
{
	inlined(&boot_cpu_data, n + 3); /* in helper */
	sink = n;
}

noinline void first(int n)
{
	helper(n); /* in first */
	sink = 1;
}

void start(void)
{
	first(5);
	report(0, 7); /* in start */
	sink = 9;
}
