/* Has a static function of the same name as kernel.c. */
#define noinline __attribute__((noinline))

void first(int n);
extern volatile int sink;

static noinline void helper(int n)
{
	first(n); /* in other helper */
	sink = n + 1;
	sink = n;
}

void second(int n)
{
	helper(n); /* in second */
	sink = 2;
}
