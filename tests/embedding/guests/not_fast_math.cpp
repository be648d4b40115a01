#if defined(__FAST_MATH__) || __FINITE_MATH_ONLY__
#error "the library would be compiled with -ffast-math"
#endif
extern int not_fast_math;
int not_fast_math = 0;
