/* Generated from the rules of gograd_ops_extra: do not edit.
 *
 * To generate it again: gograd kernels gograd_ops_extra
 * Compile with -O2 -ffp-contract=off -fno-math-errno. The second option matters: a product and a sum that are rounded
 * together would differ from Python's numbers. The third makes a square root one instruction.
 *
 * Left out, so that Python rules compute them: dist, fsum, gamma, isclose, isfinite, isinf, isnan, lgamma,
 * logical_and, logical_not, logical_or, logical_xor, norm, round_to, signbit.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdint.h>

#ifdef _MSC_VER
#define restrict __restrict
#endif

/* The larger of two; NaN if one of them is. */
static inline double xp_maximum(double x, double y)
{
    return x < y || y != y ? y : x;
}

/* The smaller of two; NaN if one of them is. */
static inline double xp_minimum(double x, double y)
{
    return x > y || y != y ? y : x;
}

/* -1, 0 or 1; NaN of NaN. */
static inline double xp_sign(double x)
{
    return x != x ? x : (x > 0.0) - (x < 0.0);
}

/* x % y as in Python: with the sign of y. */
static double xp_remainder(double x, double y)
{
    const double rest = fmod(x, y);
    if (rest == 0.0)
        return copysign(0.0, y);
    return (rest < 0.0) != (y < 0.0) ? rest + y : rest;
}

/* x // y as in Python: what is left after taking the rest away is nearly a multiple of y. */
static double xp_floor_divide(double x, double y)
{
    const double rest = fmod(x, y);
    double quotient = (x - rest) / y, whole;
    if (y == 0.0)
        return x / y;
    if (rest != 0.0 && (rest < 0.0) != (y < 0.0))
        quotient -= 1.0;
    if (quotient == 0.0)
        return copysign(0.0, x / y);
    whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

static double exp_forward(double x)
{
    return exp(x);
}

static double exp_by_x(double out, double x)
{
    return out;
}

static double exp2_forward(double x)
{
    return pow(2.0, x);
}

static double exp2_by_x(double out, double x)
{
    return out * 0x1.62e42fefa39efp-1 /* 0.6931471805599453 */;
}

static double expm1_forward(double x)
{
    return expm1(x);
}

static double expm1_by_x(double out, double x)
{
    return exp(x);
}

static double log_forward(double x)
{
    return log(x);
}

static double log_by_x(double out, double x)
{
    return 1.0 / x;
}

static double log2_forward(double x)
{
    return log2(x);
}

static double log2_by_x(double out, double x)
{
    return 0x1.71547652b82fep+0 /* 1.4426950408889634 */ / x;
}

static double log10_forward(double x)
{
    return log10(x);
}

static double log10_by_x(double out, double x)
{
    return 0x1.bcb7b1526e50dp-2 /* 0.43429448190325176 */ / x;
}

static double log1p_forward(double x)
{
    return log1p(x);
}

static double log1p_by_x(double out, double x)
{
    return 1.0 / (1.0 + x);
}

static double log_base_forward(double x, double base)
{
    return base == 0.0 ? NAN : log(x) / log(base);
}

static double log_base_by_x(double out, double x, double base)
{
    return 1.0 / log(base) / x;
}

static double log_base_by_base(double out, double x, double base)
{
    return -out / log(base) / base;
}

static double logaddexp_forward(double x, double y)
{
    return x == y ? x + 0x1.62e42fefa39efp-1 /* 0.6931471805599453 */ : xp_maximum(x, y) + log1p(exp(-fabs(x - y)));
}

static double logaddexp_by_x(double out, double x, double y)
{
    const double t1 = x - y;
    const double t2 = exp(-fabs(t1));
    const double t3 = 1.0 + t2;
    return t1 >= 0.0 ? 1.0 / t3 : t2 / t3;
}

static double logaddexp_by_y(double out, double x, double y)
{
    const double t1 = y - x;
    const double t2 = exp(-fabs(t1));
    const double t3 = 1.0 + t2;
    return t1 >= 0.0 ? 1.0 / t3 : t2 / t3;
}

static double sqrt_forward(double x)
{
    return sqrt(x);
}

static double sqrt_by_x(double out, double x)
{
    return 0.5 / out;
}

static double cbrt_forward(double x)
{
    return cbrt(x);
}

static double cbrt_by_x(double out, double x)
{
    return x == 0.0 ? INFINITY : (2.0 * out / x * out * out + 1.0) / 9.0 / (out * out);
}

static double square_forward(double x)
{
    return x * x;
}

static double square_by_x(double out, double x)
{
    return 2.0 * x;
}

static double reciprocal_forward(double x)
{
    return 1.0 / x;
}

static double reciprocal_by_x(double out, double x)
{
    return -out * out;
}

static double hypot_forward(double x, double y)
{
    return hypot(x, y);
}

static double hypot_by_x(double out, double x, double y)
{
    const int t1 = fabs(x) > fabs(y);
    return t1 ? xp_sign(x) / hypot(1.0, y / (t1 ? x : 1.0)) : x / (out == 0.0 ? INFINITY : out);
}

static double hypot_by_y(double out, double x, double y)
{
    const int t1 = fabs(y) > fabs(x);
    return t1 ? xp_sign(y) / hypot(1.0, x / (t1 ? y : 1.0)) : y / (out == 0.0 ? INFINITY : out);
}

static double ldexp_forward(double x, double i_)
{
    double t1;
    if (x == 2.0 * x) {
        t1 = x;
    } else {
        const double t2 = trunc(i_ / 3.0);
        const double t3 = pow(2.0, t2);
        t1 = x * t3 * t3 * pow(2.0, i_ - 2.0 * t2);
    }
    return t1;
}

static double ldexp_by_x(double out, double x, double i_)
{
    const double t1 = trunc(i_ / 3.0);
    const double t2 = pow(2.0, t1);
    return 1.0 * t2 * t2 * pow(2.0, i_ - 2.0 * t1);
}

static double sin_forward(double x)
{
    return sin(x);
}

static double sin_by_x(double out, double x)
{
    return cos(x);
}

static double cos_forward(double x)
{
    return cos(x);
}

static double cos_by_x(double out, double x)
{
    return -sin(x);
}

static double tan_forward(double x)
{
    return tan(x);
}

static double tan_by_x(double out, double x)
{
    return 1.0 + out * out;
}

static double asin_forward(double x)
{
    return asin(x);
}

static double asin_by_x(double out, double x)
{
    return 1.0 / sqrt(fabs(x) < 0.5 ? 1.0 - x * x : (1.0 - x) * (1.0 + x));
}

static double acos_forward(double x)
{
    return acos(x);
}

static double acos_by_x(double out, double x)
{
    return -(1.0 / sqrt(fabs(x) < 0.5 ? 1.0 - x * x : (1.0 - x) * (1.0 + x)));
}

static double atan_forward(double x)
{
    return atan(x);
}

static double atan_by_x(double out, double x)
{
    const double t1 = hypot(1.0, x);
    return 1.0 / t1 / t1;
}

static double atan2_forward(double y, double x)
{
    return atan2(y, x);
}

static double atan2_by_y(double out, double y, double x)
{
    const double t1 = hypot(x, y);
    return x / t1 / t1;
}

static double atan2_by_x(double out, double y, double x)
{
    const double t1 = hypot(x, y);
    return -y / t1 / t1;
}

static double degrees_forward(double x)
{
    return x * 0x1.ca5dc1a63c1f8p+5 /* 57.29577951308232 */;
}

static double degrees_by_x(double out, double x)
{
    return 0x1.ca5dc1a63c1f8p+5 /* 57.29577951308232 */;
}

static double radians_forward(double x)
{
    return x * 0x1.1df46a2529d39p-6 /* 0.017453292519943295 */;
}

static double radians_by_x(double out, double x)
{
    return 0x1.1df46a2529d39p-6 /* 0.017453292519943295 */;
}

static double sinh_forward(double x)
{
    return sinh(x);
}

static double sinh_by_x(double out, double x)
{
    return cosh(x);
}

static double cosh_forward(double x)
{
    return cosh(x);
}

static double cosh_by_x(double out, double x)
{
    return sinh(x);
}

static double tanh_forward(double x)
{
    return tanh(x);
}

static double tanh_by_x(double out, double x)
{
    const double t1 = fabs(x);
    double t2;
    if (t1 < 0.5) {
        t2 = 1.0 - out * out;
    } else {
        const double t3 = exp(-2.0 * t1);
        const double t4 = 1.0 + t3;
        t2 = 4.0 * t3 / (t4 * t4);
    }
    return t2;
}

static double asinh_forward(double x)
{
    return asinh(x);
}

static double asinh_by_x(double out, double x)
{
    return 1.0 / hypot(1.0, x);
}

static double acosh_forward(double x)
{
    return acosh(x);
}

static double acosh_by_x(double out, double x)
{
    return 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0));
}

static double atanh_forward(double x)
{
    return atanh(x);
}

static double atanh_by_x(double out, double x)
{
    return 1.0 / (fabs(x) < 0.5 ? 1.0 - x * x : (1.0 - x) * (1.0 + x));
}

static double floor_forward(double x)
{
    return floor(x);
}

static double floor_by_x(double out, double x)
{
    return 0.0;
}

static double ceil_forward(double x)
{
    return ceil(x);
}

static double ceil_by_x(double out, double x)
{
    return 0.0;
}

static double trunc_forward(double x)
{
    return trunc(x);
}

static double trunc_by_x(double out, double x)
{
    return 0.0;
}

static double round_forward(double x)
{
    return rint(x);
}

static double round_by_x(double out, double x)
{
    return 0.0;
}

static double sign_forward(double x)
{
    return xp_sign(x);
}

static double sign_by_x(double out, double x)
{
    return 0.0;
}

static double step_forward(double x)
{
    return 0.5 + 0.5 * xp_sign(x);
}

static double step_by_x(double out, double x)
{
    return 0.0;
}

static double copysign_forward(double x, double y)
{
    return copysign(x, y);
}

static double copysign_by_x(double out, double x, double y)
{
    return xp_sign(x) * copysign(1.0, y);
}

static double copysign_by_y(double out, double x, double y)
{
    return 0.0;
}

static double fma_forward(double x, double y, double z)
{
    return fma(x, y, z);
}

static double fma_by_x(double out, double x, double y, double z)
{
    return y;
}

static double fma_by_y(double out, double x, double y, double z)
{
    return x;
}

static double fma_by_z(double out, double x, double y, double z)
{
    return 1.0;
}

static double floor_divide_forward(double x, double y)
{
    return xp_floor_divide(x, y);
}

static double floor_divide_by_x(double out, double x, double y)
{
    return 0.0;
}

static double floor_divide_by_y(double out, double x, double y)
{
    return 0.0;
}

static double remainder_forward(double x, double y)
{
    return xp_remainder(x, y);
}

static double remainder_by_x(double out, double x, double y)
{
    return 1.0;
}

static double remainder_by_y(double out, double x, double y)
{
    return -rint((x - out) / y);
}

static double fmod_forward(double x, double y)
{
    return copysign(xp_remainder(fabs(x), fabs(y)), x);
}

static double fmod_by_x(double out, double x, double y)
{
    return 1.0;
}

static double fmod_by_y(double out, double x, double y)
{
    return -rint((x - out) / y);
}

static double ieee_remainder_forward(double x, double y)
{
    const double t1 = fabs(x);
    const double t2 = fabs(y);
    const double t3 = xp_remainder(t1, t2);
    const double t4 = t2 - t3;
    return copysign(1.0, x) * (t3 < t4 ? t3 : t3 > t4 ? -t4 : t3 - 2.0 * xp_remainder(0.5 * (t1 - t3), t2));
}

static double ieee_remainder_by_x(double out, double x, double y)
{
    return 1.0;
}

static double ieee_remainder_by_y(double out, double x, double y)
{
    return -rint((x - out) / y);
}

static double maximum_forward(double x, double y)
{
    return xp_maximum(x, y);
}

static double maximum_by_x(double out, double x, double y)
{
    return x > y ? 1.0 : x == y ? 0.5 : 0.0;
}

static double maximum_by_y(double out, double x, double y)
{
    return y > x ? 1.0 : y == x ? 0.5 : 0.0;
}

static double minimum_forward(double x, double y)
{
    return xp_minimum(x, y);
}

static double minimum_by_x(double out, double x, double y)
{
    return y > x ? 1.0 : y == x ? 0.5 : 0.0;
}

static double minimum_by_y(double out, double x, double y)
{
    return x > y ? 1.0 : x == y ? 0.5 : 0.0;
}

static double clip_forward(double x, double min, double max)
{
    return xp_minimum(xp_maximum(x, min), max);
}

static double clip_by_x(double out, double x, double min, double max)
{
    double t1;
    if (min < max) {
        const double t2 = xp_maximum(x, min);
        t1 = (x > min ? 1.0 : x == min ? 0.5 : 0.0) * (max > t2 ? 1.0 : max == t2 ? 0.5 : 0.0);
    } else {
        t1 = 0.0;
    }
    return t1;
}

static double clip_by_min(double out, double x, double min, double max)
{
    double t1;
    if (min < max) {
        const double t2 = xp_maximum(x, min);
        t1 = (min > x ? 1.0 : min == x ? 0.5 : 0.0) * (max > t2 ? 1.0 : max == t2 ? 0.5 : 0.0);
    } else {
        t1 = 0.0;
    }
    return t1;
}

static double clip_by_max(double out, double x, double min, double max)
{
    double t1;
    if (min >= max && out == max) {
        t1 = 1.0;
    } else {
        const double t2 = xp_maximum(x, min);
        t1 = t2 > max ? 1.0 : t2 == max ? 0.5 : 0.0;
    }
    return t1;
}

static double where_forward(double condition, double x, double y)
{
    return condition ? x : y;
}

static double where_by_x(double out, double condition, double x, double y)
{
    return condition != 0.0 ? 1.0 : 0.0;
}

static double where_by_y(double out, double condition, double x, double y)
{
    return condition != 0.0 ? 0.0 : 1.0;
}

static double sum_forward(intptr_t n, double *x)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++)
        t1 += x[i];
    return t1;
}

static void sum_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    for (intptr_t i = 0; i < n; i++)
        d[i] = 1.0;
}

static double mean_forward(intptr_t n, double *x)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++)
        t1 += x[i];
    return t1 / (double)n;
}

static void mean_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    const double t1 = 1.0 / (double)n;
    for (intptr_t i = 0; i < n; i++)
        d[i] = t1;
}

static double max_forward(intptr_t n, double *x)
{
    double t1 = n > 0 ? -INFINITY : NAN;
    for (intptr_t i = 0; i < n; i++)
        t1 = xp_maximum(t1, x[i]);
    return t1;
}

static void max_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++) {
        d[i] = x[i] == out ? 1.0 : 0.0;
        t1 += d[i];
    }
    const double t2 = xp_maximum(t1, 1.0);
    for (intptr_t i = 0; i < n; i++)
        d[i] = d[i] / t2;
}

static double min_forward(intptr_t n, double *x)
{
    double t1 = n > 0 ? INFINITY : NAN;
    for (intptr_t i = 0; i < n; i++)
        t1 = xp_minimum(t1, x[i]);
    return t1;
}

static void min_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++) {
        d[i] = x[i] == out ? 1.0 : 0.0;
        t1 += d[i];
    }
    const double t2 = xp_maximum(t1, 1.0);
    for (intptr_t i = 0; i < n; i++)
        d[i] = d[i] / t2;
}

static double logsumexp_forward(intptr_t n, double *x)
{
    double t1 = n > 0 ? -INFINITY : NAN;
    for (intptr_t i = 0; i < n; i++)
        t1 = xp_maximum(t1, x[i]);
    double t2 = 0.0;
    double t3 = 0.0;
    const double t4 = isfinite(t1) ? t1 : 0.0;
    for (intptr_t i = 0; i < n; i++) {
        const int t5 = x[i] == t4;
        t2 += t5 ? 0.0 : exp(x[i] - t4);
        t3 += t5 ? 1.0 : 0.0;
    }
    return t4 + log1p(t2 + (t3 - 1.0));
}

static void logsumexp_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++)
        t1 += exp(x[i] - out);
    double t2 = 0.0;
    const double t3 = 0.75 * t1;
    for (intptr_t i = 0; i < n; i++) {
        const double t4 = exp(x[i] - out);
        d[i] = t4 > t3;
        t2 += d[i] ? 0.0 : t4;
    }
    for (intptr_t i = 0; i < n; i++) {
        const double t5 = exp(x[i] - out);
        const double t6 = (d[i] ? t2 : t5) / t1;
        d[i] = d[i] ? 1.0 - t6 : t6;
    }
}

static double dot_forward(intptr_t n, double *x, double *y)
{
    double t1 = 0.0;
    for (intptr_t i = 0; i < n; i++)
        t1 += x[i] * y[i];
    return t1;
}

static void dot_by_x(double out, intptr_t n, double *x, double *y, double *restrict d)
{
    for (intptr_t i = 0; i < n; i++)
        d[i] = y[i];
}

static void dot_by_y(double out, intptr_t n, double *x, double *y, double *restrict d)
{
    for (intptr_t i = 0; i < n; i++)
        d[i] = x[i];
}

static double prod_forward(intptr_t n, double *x)
{
    double t1 = 1.0;
    double t2 = 0.0;
    for (intptr_t i = 0; i < n; i++) {
        const double t3 = floor(log2(fabs(isfinite(x[i]) && x[i] != 0.0 ? x[i] : 1.0)));
        double t4;
        if (x[i] == 2.0 * x[i]) {
            t4 = x[i];
        } else {
            const double t5 = -t3;
            const double t6 = trunc(t5 / 3.0);
            const double t7 = pow(2.0, t6);
            t4 = x[i] * t7 * t7 * pow(2.0, t5 - 2.0 * t6);
        }
        t1 *= t4;
        t2 += t3;
    }
    double t8;
    if (t1 == 2.0 * t1) {
        t8 = t1;
    } else {
        const double t9 = trunc(t2 / 3.0);
        const double t10 = pow(2.0, t9);
        t8 = t1 * t10 * t10 * pow(2.0, t2 - 2.0 * t9);
    }
    return t8;
}

static void prod_by_x(double out, intptr_t n, double *x, double *restrict d)
{
    double t1 = 0.0;
    double t2 = 0.0;
    double t3 = 0.0;
    double t4 = 1.0;
    double t5 = 1.0;
    double t6 = 0.0;
    for (intptr_t i = 0; i < n; i++) {
        const int t7 = x[i] == 0.0;
        const double t8 = t7 ? 1.0 : x[i];
        const double t9 = floor(log2(fabs(isfinite(t8) && t8 != 0.0 ? t8 : 1.0)));
        double t10;
        if (t8 == 2.0 * t8) {
            t10 = t8;
        } else {
            const double t11 = -t9;
            const double t12 = trunc(t11 / 3.0);
            const double t13 = pow(2.0, t12);
            t10 = t8 * t13 * t13 * pow(2.0, t11 - 2.0 * t12);
        }
        d[i] = t10;
        t1 += t7 ? 1.0 : 0.0;
        const double t14 = t7 ? x[i] : 0.0;
        t2 += t14;
        t3 += t14 * t14;
        const double t15 = isfinite(x[i]) && x[i] != 0.0 ? x[i] : 1.0;
        t4 *= t15 / t15;
        t5 *= d[i];
        t6 += t9;
    }
    for (intptr_t i = 0; i < n; i++) {
        const int t16 = x[i] == 0.0;
        const double t17 = t1 - (t16 ? 1.0 : 0.0);
        const double t18 = t16 ? x[i] : 0.0;
        const double t19 = t2 - t18;
        const double t20 = isfinite(x[i]) && x[i] != 0.0 ? x[i] : 1.0;
        const double t21 = (t17 == 0.0 ? 1.0 : t17 == 1.0 ? t19 : t17 == 2.0 ? 0.5 * (t19 * t19 - (t3 - t18 * t18)) : 0.0) * (t4 / (t20 / t20)) * (t5 / d[i]);
        const double t22 = t16 ? 1.0 : x[i];
        const double t23 = floor(log2(fabs(isfinite(t22) && t22 != 0.0 ? t22 : 1.0)));
        double t24;
        if (t21 == 2.0 * t21) {
            t24 = t21;
        } else {
            const double t25 = t6 - t23;
            const double t26 = trunc(t25 / 3.0);
            const double t27 = pow(2.0, t26);
            t24 = t21 * t27 * t27 * pow(2.0, t25 - 2.0 * t26);
        }
        d[i] = t24;
    }
}

static double erf_forward(double x)
{
    return erf(x);
}

static double erf_by_x(double out, double x)
{
    const double t1 = fabs(x) < 40.0 ? rint(x * 1024.0) / 1024.0 : 0.0;
    return 0x1.20dd750429b6dp+0 /* 1.1283791670955126 */ * (exp(-1.0 * t1 * t1) * exp(1.0 * (t1 - x) * (t1 + x)));
}

static double erfc_forward(double x)
{
    return erfc(x);
}

static double erfc_by_x(double out, double x)
{
    const double t1 = fabs(x) < 40.0 ? rint(x * 1024.0) / 1024.0 : 0.0;
    return -0x1.20dd750429b6dp+0 /* -1.1283791670955126 */ * (exp(-1.0 * t1 * t1) * exp(1.0 * (t1 - x) * (t1 + x)));
}

static double relu_forward(double x)
{
    return xp_maximum(x, 0.0);
}

static double relu_by_x(double out, double x)
{
    return x > 0.0 ? 1.0 : 0.0;
}

static double leaky_relu_forward(double x)
{
    return x > 0.0 ? x : 0x1.47ae147ae147bp-7 /* 0.01 */ * x;
}

static double leaky_relu_by_x(double out, double x)
{
    return x > 0.0 ? 1.0 : 0x1.47ae147ae147bp-7 /* 0.01 */;
}

static double elu_forward(double x)
{
    return x > 0.0 ? x : expm1(xp_minimum(x, 0.0));
}

static double elu_by_x(double out, double x)
{
    return x > 0.0 ? 1.0 : exp(xp_minimum(x, 1.0));
}

static double selu_forward(double x)
{
    const int t1 = x > 0.0;
    return 0x1.0cfabd6a91132p+0 /* 1.0507009873554805 */ * (t1 ? x : 0x1.ac5afad782cf1p+0 /* 1.6732632423543772 */ * (t1 ? x : expm1(xp_minimum(x, 0.0))));
}

static double selu_by_x(double out, double x)
{
    const int t1 = x > 0.0;
    return 0x1.0cfabd6a91132p+0 /* 1.0507009873554805 */ * (t1 ? 1.0 : 0x1.ac5afad782cf1p+0 /* 1.6732632423543772 */ * (t1 ? 1.0 : exp(xp_minimum(x, 1.0))));
}

static double hard_tanh_forward(double x)
{
    return xp_maximum(xp_minimum(x, 1.0), -1.0);
}

static double hard_tanh_by_x(double out, double x)
{
    return fabs(x) < 1.0 ? 1.0 : 0.0;
}

static double softsign_forward(double x)
{
    const double t1 = xp_maximum(xp_minimum(x, 0x1.fffffffffffffp+1023 /* 1.7976931348623157e+308 */), -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */);
    return t1 / (1.0 + fabs(t1));
}

static double softsign_by_x(double out, double x)
{
    const double t1 = 1.0 + fabs(x);
    return 1.0 / t1 / t1;
}

static double sigmoid_forward(double x)
{
    const double t1 = exp(-fabs(x));
    const double t2 = 1.0 + t1;
    return x >= 0.0 ? 1.0 / t2 : t1 / t2;
}

static double sigmoid_by_x(double out, double x)
{
    const double t1 = fabs(x);
    double t2;
    if (t1 < 1.0) {
        const double t3 = tanh(0.5 * x);
        t2 = 0.25 * (1.0 - t3 * t3);
    } else {
        const double t4 = exp(-t1);
        const double t5 = 1.0 + t4;
        t2 = t4 / (t5 * t5);
    }
    return t2;
}

static double log_sigmoid_forward(double x)
{
    return xp_minimum(x, 0.0) - log1p(exp(-fabs(x)));
}

static double log_sigmoid_by_x(double out, double x)
{
    const double t1 = -x;
    const double t2 = exp(-fabs(t1));
    const double t3 = 1.0 + t2;
    return t1 >= 0.0 ? 1.0 / t3 : t2 / t3;
}

static double softplus_forward(double x)
{
    return xp_maximum(x, 0.0) + log1p(exp(-fabs(x)));
}

static double softplus_by_x(double out, double x)
{
    const double t1 = exp(-fabs(x));
    const double t2 = 1.0 + t1;
    return x >= 0.0 ? 1.0 / t2 : t1 / t2;
}

static double silu_forward(double x)
{
    const double t1 = exp(-fabs(x));
    const double t2 = 1.0 + t1;
    return xp_maximum(x, -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */) * (x >= 0.0 ? 1.0 / t2 : t1 / t2);
}

static double silu_by_x(double out, double x)
{
    const double t1 = xp_maximum(xp_minimum(x, 0x1.fffffffffffffp+1023 /* 1.7976931348623157e+308 */), -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */);
    double t2;
    if (t1 >= 0.0) {
        const double t3 = exp(-xp_maximum(x, -1.0));
        const double t4 = 1.0 + t3;
        t2 = 1.0 + t3 * (t1 - 1.0 - t3) / (t4 * t4);
    } else {
        const double t5 = exp(xp_minimum(x, 1.0));
        const double t6 = 1.0 + t5;
        t2 = t5 * (t1 + 1.0 + t5) / (t6 * t6);
    }
    return t2;
}

static double gelu_forward(double x)
{
    return 0.5 * xp_maximum(x, -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */) * erfc(-x / 0x1.6a09e667f3bcdp+0 /* 1.4142135623730951 */);
}

static double gelu_by_x(double out, double x)
{
    const double t1 = fabs(x) < 40.0 ? rint(x * 1024.0) / 1024.0 : 0.0;
    return 0.5 * erfc(-x / 0x1.6a09e667f3bcdp+0 /* 1.4142135623730951 */) + xp_maximum(xp_minimum(x, 0x1.fffffffffffffp+1023 /* 1.7976931348623157e+308 */), -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */) * (exp(-0.5 * t1 * t1) * exp(0.5 * (t1 - x) * (t1 + x)) / 0x1.40d931ff62705p+1 /* 2.5066282746310002 */);
}

static double gelu_tanh_forward(double x)
{
    const double t1 = 0x1.9884533d43651p+0 /* 1.5957691216057308 */ * x * (1.0 + 0x1.6e4e26d4801f7p-5 /* 0.044715 */ * x * x);
    const double t2 = exp(-fabs(t1));
    const double t3 = 1.0 + t2;
    return xp_maximum(x, -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */) * (t1 >= 0.0 ? 1.0 / t3 : t2 / t3);
}

static double gelu_tanh_by_x(double out, double x)
{
    const double t1 = xp_maximum(xp_minimum(x, 100.0), -100.0);
    const double t2 = 0x1.6e4e26d4801f7p-5 /* 0.044715 */ * t1 * t1;
    const double t3 = 0x1.9884533d43651p+0 /* 1.5957691216057308 */ * t1 * (1.0 + t2);
    const double t4 = exp(-fabs(t3));
    const double t5 = 1.0 + t4;
    const double t6 = t3 >= 0.0 ? 1.0 / t5 : t4 / t5;
    const double t7 = -t1;
    const double t8 = 0x1.9884533d43651p+0 /* 1.5957691216057308 */ * t7 * (1.0 + 0x1.6e4e26d4801f7p-5 /* 0.044715 */ * t7 * t7);
    const double t9 = exp(-fabs(t8));
    const double t10 = 1.0 + t9;
    return t6 + 0x1.9884533d43651p+0 /* 1.5957691216057308 */ * (t1 * t6 * (t8 >= 0.0 ? 1.0 / t10 : t9 / t10)) * (1.0 + 3.0 * t2);
}

static double mish_forward(double x)
{
    double t1;
    if (x >= 0.0) {
        const double t2 = exp(-xp_maximum(x, -1.0));
        const double t3 = 2.0 * t2;
        t1 = (1.0 + t3) / (1.0 + t3 * (1.0 + t2));
    } else {
        const double t4 = exp(xp_minimum(x, 1.0));
        const double t5 = t4 * (2.0 + t4);
        t1 = t5 / (2.0 + t5);
    }
    return xp_maximum(x, -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */) * t1;
}

static double mish_by_x(double out, double x)
{
    const double t1 = xp_maximum(xp_minimum(x, 0x1.fffffffffffffp+1023 /* 1.7976931348623157e+308 */), -0x1.fffffffffffffp+1023 /* -1.7976931348623157e+308 */);
    double t2;
    if (t1 >= 0.0) {
        const double t3 = exp(-xp_maximum(x, -1.0));
        const double t4 = 1.0 + 2.0 * t3 * (1.0 + t3);
        t2 = 1.0 + 4.0 * (t3 * t3 * (t1 - 0.5 + t3 * (t1 - 1.0 - t3))) / (t4 * t4);
    } else {
        const double t5 = exp(xp_minimum(x, 1.0));
        const double t6 = 2.0 + t5 * (2.0 + t5);
        t2 = 4.0 * (t5 * (t1 + 1.0 + t5 * (t1 + 1.5 + t5 * (1.0 + 0.25 * t5)))) / (t6 * t6);
    }
    return t2;
}

typedef struct {
    const char *name;
    const char *digest;
    const char *printed_from;
    const char *forward_signature;
    void *forward;
    const char *partial_signature;
    Py_ssize_t inputs;
    void *partials[3];
} Entry;

static const Entry ENTRIES[] = {
    {"exp", "a081c9faef77b36b", "99d9a1b7aee66a1f", "double (double)", (void *)exp_forward, "double (double, double)", 1,
        {(void *)exp_by_x}},
    {"exp2", "5683eda03b629287", "ade95491762da83e", "double (double)", (void *)exp2_forward, "double (double, double)", 1,
        {(void *)exp2_by_x}},
    {"expm1", "435fb4b51714df1f", "be14dd3e3b72f018", "double (double)", (void *)expm1_forward, "double (double, double)", 1,
        {(void *)expm1_by_x}},
    {"log", "651b0f9cc48eeb9d", "5a91d9832c963b51", "double (double)", (void *)log_forward, "double (double, double)", 1,
        {(void *)log_by_x}},
    {"log2", "e346b96b549d5011", "a5cf269603fcbec0", "double (double)", (void *)log2_forward, "double (double, double)", 1,
        {(void *)log2_by_x}},
    {"log10", "792cfef5ca960eca", "eb7e4f3a837d8c99", "double (double)", (void *)log10_forward, "double (double, double)", 1,
        {(void *)log10_by_x}},
    {"log1p", "bbee9d28bb94a11c", "82f68aacd1ec47c7", "double (double)", (void *)log1p_forward, "double (double, double)", 1,
        {(void *)log1p_by_x}},
    {"log_base", "954ef7c5a33eca59", "e8585a1d0466a872", "double (double, double)", (void *)log_base_forward, "double (double, double, double)", 2,
        {(void *)log_base_by_x, (void *)log_base_by_base}},
    {"logaddexp", "c86af15dd8352b26", "4b6cc5fe394ba528", "double (double, double)", (void *)logaddexp_forward, "double (double, double, double)", 2,
        {(void *)logaddexp_by_x, (void *)logaddexp_by_y}},
    {"sqrt", "973cbc1e658f3dd3", "369645d0006bc6b7", "double (double)", (void *)sqrt_forward, "double (double, double)", 1,
        {(void *)sqrt_by_x}},
    {"cbrt", "bb33890453db45ef", "2dc065fc50f1caf0", "double (double)", (void *)cbrt_forward, "double (double, double)", 1,
        {(void *)cbrt_by_x}},
    {"square", "fe309392f298fdcd", "051d1b38afca6814", "double (double)", (void *)square_forward, "double (double, double)", 1,
        {(void *)square_by_x}},
    {"reciprocal", "f5e7d19dfc8fac11", "4588e91732d4775f", "double (double)", (void *)reciprocal_forward, "double (double, double)", 1,
        {(void *)reciprocal_by_x}},
    {"hypot", "d23343c625bd29aa", "1dca0fe0c979bbed", "double (double, double)", (void *)hypot_forward, "double (double, double, double)", 2,
        {(void *)hypot_by_x, (void *)hypot_by_y}},
    {"ldexp", "adc6cd00c330a394", "1f9db4f30d1db6ff", "double (double, double)", (void *)ldexp_forward, "double (double, double, double)", 2,
        {(void *)ldexp_by_x, NULL}},
    {"sin", "b7d70a0ddb430841", "0dd74a4a4a8ef905", "double (double)", (void *)sin_forward, "double (double, double)", 1,
        {(void *)sin_by_x}},
    {"cos", "0434324617850674", "c65a9a974ad55705", "double (double)", (void *)cos_forward, "double (double, double)", 1,
        {(void *)cos_by_x}},
    {"tan", "9f00cc9ba79751a8", "0d45a1b1f34c7c93", "double (double)", (void *)tan_forward, "double (double, double)", 1,
        {(void *)tan_by_x}},
    {"asin", "c8b9605c3b6cc657", "d5178c1943306c86", "double (double)", (void *)asin_forward, "double (double, double)", 1,
        {(void *)asin_by_x}},
    {"acos", "c5c36d35460ca4b4", "770ce31f168d0103", "double (double)", (void *)acos_forward, "double (double, double)", 1,
        {(void *)acos_by_x}},
    {"atan", "422c1e88f5490446", "4071b13f4e6721a1", "double (double)", (void *)atan_forward, "double (double, double)", 1,
        {(void *)atan_by_x}},
    {"atan2", "ac488a010aa7f7ee", "8ee5ff9c3f4c46ec", "double (double, double)", (void *)atan2_forward, "double (double, double, double)", 2,
        {(void *)atan2_by_y, (void *)atan2_by_x}},
    {"degrees", "6bf849d7c58bbb7b", "bc09e8d6df5448a1", "double (double)", (void *)degrees_forward, "double (double, double)", 1,
        {(void *)degrees_by_x}},
    {"radians", "8ac56f68e448da1f", "efb6cf34e46d2d8a", "double (double)", (void *)radians_forward, "double (double, double)", 1,
        {(void *)radians_by_x}},
    {"sinh", "486c9be9e7959a92", "f578b186e59ebfd9", "double (double)", (void *)sinh_forward, "double (double, double)", 1,
        {(void *)sinh_by_x}},
    {"cosh", "0ddf7ccde5c66268", "811a2575858586ab", "double (double)", (void *)cosh_forward, "double (double, double)", 1,
        {(void *)cosh_by_x}},
    {"tanh", "f4dfd8ea3aca2235", "bfbbb06aa4c879a4", "double (double)", (void *)tanh_forward, "double (double, double)", 1,
        {(void *)tanh_by_x}},
    {"asinh", "36e182b9c2400ef2", "147a7c622726bc96", "double (double)", (void *)asinh_forward, "double (double, double)", 1,
        {(void *)asinh_by_x}},
    {"acosh", "f5a6ab400693e1f4", "186b7ab934389229", "double (double)", (void *)acosh_forward, "double (double, double)", 1,
        {(void *)acosh_by_x}},
    {"atanh", "e3224c1b8ea62d5d", "0e87739c5dad3880", "double (double)", (void *)atanh_forward, "double (double, double)", 1,
        {(void *)atanh_by_x}},
    {"floor", "88ba86cbe4af9ec9", "755b874d4b67f89e", "double (double)", (void *)floor_forward, "double (double, double)", 1,
        {(void *)floor_by_x}},
    {"ceil", "ff6ffffc8a3b2e12", "e57c98b495836c22", "double (double)", (void *)ceil_forward, "double (double, double)", 1,
        {(void *)ceil_by_x}},
    {"trunc", "52a5b98e7e4aff19", "46e3707e2be2f6e5", "double (double)", (void *)trunc_forward, "double (double, double)", 1,
        {(void *)trunc_by_x}},
    {"round", "aece3e67cfabf6c3", "4d283aa56f57a4c2", "double (double)", (void *)round_forward, "double (double, double)", 1,
        {(void *)round_by_x}},
    {"sign", "40544cc87588e2f4", "fefb75850ad96d18", "double (double)", (void *)sign_forward, "double (double, double)", 1,
        {(void *)sign_by_x}},
    {"step", "bd0cb0de61eb92e8", "ae1b49bea3790d71", "double (double)", (void *)step_forward, "double (double, double)", 1,
        {(void *)step_by_x}},
    {"copysign", "459313ffd0413940", "fd33aa8f10cef095", "double (double, double)", (void *)copysign_forward, "double (double, double, double)", 2,
        {(void *)copysign_by_x, (void *)copysign_by_y}},
    {"fma", "a64a72a9d51698db", "b7e657eaccf3fb44", "double (double, double, double)", (void *)fma_forward, "double (double, double, double, double)", 3,
        {(void *)fma_by_x, (void *)fma_by_y, (void *)fma_by_z}},
    {"floor_divide", "ee15f8a44b289cab", "57014d75b42e6ff3", "double (double, double)", (void *)floor_divide_forward, "double (double, double, double)", 2,
        {(void *)floor_divide_by_x, (void *)floor_divide_by_y}},
    {"remainder", "4f9d5556cbc440f6", "bf5010811774c930", "double (double, double)", (void *)remainder_forward, "double (double, double, double)", 2,
        {(void *)remainder_by_x, (void *)remainder_by_y}},
    {"fmod", "ec018d0358720900", "7fec99a210a4e073", "double (double, double)", (void *)fmod_forward, "double (double, double, double)", 2,
        {(void *)fmod_by_x, (void *)fmod_by_y}},
    {"ieee_remainder", "a63a72ad1dc02a82", "5b0dbc54d154c626", "double (double, double)", (void *)ieee_remainder_forward, "double (double, double, double)", 2,
        {(void *)ieee_remainder_by_x, (void *)ieee_remainder_by_y}},
    {"maximum", "23be57ca68ad053a", "a565881289fb3256", "double (double, double)", (void *)maximum_forward, "double (double, double, double)", 2,
        {(void *)maximum_by_x, (void *)maximum_by_y}},
    {"minimum", "7943984c339f69a2", "03a84ee4c5dc9e12", "double (double, double)", (void *)minimum_forward, "double (double, double, double)", 2,
        {(void *)minimum_by_x, (void *)minimum_by_y}},
    {"clip", "dd7e9963dc6a634e", "d843c039f6320cf1", "double (double, double, double)", (void *)clip_forward, "double (double, double, double, double)", 3,
        {(void *)clip_by_x, (void *)clip_by_min, (void *)clip_by_max}},
    {"where", "027306ed2beea223", "4a879b66383e90cb", "double (double, double, double)", (void *)where_forward, "double (double, double, double, double)", 3,
        {NULL, (void *)where_by_x, (void *)where_by_y}},
    {"sum", "646c72c367b40af5", "f74383a98e7f10ac", "double (intptr_t, double *)", (void *)sum_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)sum_by_x}},
    {"mean", "707543e166debc59", "e25692f80db16b05", "double (intptr_t, double *)", (void *)mean_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)mean_by_x}},
    {"max", "2000a4d2a1af0313", "ca0a47a9dfe453c8", "double (intptr_t, double *)", (void *)max_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)max_by_x}},
    {"min", "b586941a842466e6", "0533ba97a0e98569", "double (intptr_t, double *)", (void *)min_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)min_by_x}},
    {"logsumexp", "9abe5e95e890a634", "45231f2896a69420", "double (intptr_t, double *)", (void *)logsumexp_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)logsumexp_by_x}},
    {"dot", "718b3292c1937d97", "61306ed07e5faf3e", "double (intptr_t, double *, double *)", (void *)dot_forward, "void (double, intptr_t, double *, double *, double *)", 2,
        {(void *)dot_by_x, (void *)dot_by_y}},
    {"prod", "f0c9cae9057ba52c", "3b0c70d327292552", "double (intptr_t, double *)", (void *)prod_forward, "void (double, intptr_t, double *, double *)", 1,
        {(void *)prod_by_x}},
    {"erf", "e0b0625eb89f588b", "c615e62074382060", "double (double)", (void *)erf_forward, "double (double, double)", 1,
        {(void *)erf_by_x}},
    {"erfc", "723dc03827011493", "37c0e6a1c2f965a4", "double (double)", (void *)erfc_forward, "double (double, double)", 1,
        {(void *)erfc_by_x}},
    {"relu", "e9a280739466f1fa", "4bdae39c1ad61926", "double (double)", (void *)relu_forward, "double (double, double)", 1,
        {(void *)relu_by_x}},
    {"leaky_relu", "b4a4536d48080f1e", "f7002fdfdeb6e51b", "double (double)", (void *)leaky_relu_forward, "double (double, double)", 1,
        {(void *)leaky_relu_by_x}},
    {"elu", "793ab5403821268e", "b5f4fa17f298ff5a", "double (double)", (void *)elu_forward, "double (double, double)", 1,
        {(void *)elu_by_x}},
    {"selu", "6203ffd1fbbd6a80", "0efa59793e95051f", "double (double)", (void *)selu_forward, "double (double, double)", 1,
        {(void *)selu_by_x}},
    {"hard_tanh", "5d478227c1c9a4e4", "14e0d0779d1d9f3f", "double (double)", (void *)hard_tanh_forward, "double (double, double)", 1,
        {(void *)hard_tanh_by_x}},
    {"softsign", "3a584ed70714a821", "3152df2230b72a4a", "double (double)", (void *)softsign_forward, "double (double, double)", 1,
        {(void *)softsign_by_x}},
    {"sigmoid", "4415dab8e5108143", "9dc71c480bbaff02", "double (double)", (void *)sigmoid_forward, "double (double, double)", 1,
        {(void *)sigmoid_by_x}},
    {"log_sigmoid", "29b422e60e641585", "a37fa5a3c9e74f70", "double (double)", (void *)log_sigmoid_forward, "double (double, double)", 1,
        {(void *)log_sigmoid_by_x}},
    {"softplus", "693195c0df69159f", "4c356be4542ccd14", "double (double)", (void *)softplus_forward, "double (double, double)", 1,
        {(void *)softplus_by_x}},
    {"silu", "6110b1ebe9465b7b", "2a00f2893d465e0c", "double (double)", (void *)silu_forward, "double (double, double)", 1,
        {(void *)silu_by_x}},
    {"gelu", "c9cd5ef308ce9def", "e3e5d3601aaef022", "double (double)", (void *)gelu_forward, "double (double, double)", 1,
        {(void *)gelu_by_x}},
    {"gelu_tanh", "6dc9c7b95c888822", "79c80131824d7544", "double (double)", (void *)gelu_tanh_forward, "double (double, double)", 1,
        {(void *)gelu_tanh_by_x}},
    {"mish", "24830097dd40be03", "8564bcc303b8e4e1", "double (double)", (void *)mish_forward, "double (double, double)", 1,
        {(void *)mish_by_x}},
};

static PyObject *capsule(void *function, const char *signature)
{
    if (function == NULL)
        Py_RETURN_NONE;
    return PyCapsule_New(function, signature, NULL);
}

static PyObject *kernels_of(const Entry *entry)
{
    PyObject *partials = PyTuple_New(entry->inputs);
    if (partials == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < entry->inputs; k++) {
        PyObject *partial = capsule(entry->partials[k], entry->partial_signature);
        if (partial == NULL || PyTuple_SetItem(partials, k, partial) < 0) {
            Py_DECREF(partials);
            return NULL;
        }
    }
    PyObject *forward = capsule(entry->forward, entry->forward_signature);
    return Py_BuildValue("(ssNN)", entry->digest, entry->printed_from, forward, partials);
}

static int fill(PyObject *module)
{
    PyObject *kernels = PyDict_New();
    int failed = kernels == NULL;
    for (size_t k = 0; !failed && k < sizeof(ENTRIES) / sizeof(ENTRIES[0]); k++) {
        PyObject *entry = kernels_of(&ENTRIES[k]);
        failed = entry == NULL || PyDict_SetItemString(kernels, ENTRIES[k].name, entry) < 0;
        Py_XDECREF(entry);
    }
    failed = failed || PyModule_AddObjectRef(module, "KERNELS", kernels) < 0;
    Py_XDECREF(kernels);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot SLOTS[] = {
    {Py_mod_exec, (void *)fill},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_kernels",
    .m_doc = "Kernels of operations, generated from their rules.",
    .m_slots = SLOTS,
};

PyMODINIT_FUNC PyInit__kernels(void)
{
    return PyModuleDef_Init(&MODULE);
}
