// Functions that rules call, under the names that they have in C. Numbers are doubles, truth values true and false.
const {
    abs: fabs, acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, ceil, cos, cosh, exp, expm1, floor, hypot, log,
    log10, log1p, log2, sin, sinh, sqrt, tan, tanh, trunc,
} = Math;

const isnan = (x) => x !== x;
const isinf = (x) => x === Infinity || x === -Infinity;
const isfinite = (x) => fabs(x) < Infinity;
const signbit = (x) => x < 0 || Object.is(x, -0);
const copysign = (x, y) => (signbit(y) ? -fabs(x) : fabs(x));
const exp2 = (x) => 2 ** x;

// Rounds to an integer, and a half to the even one.
const rint = (x) => (fabs(x) < 2 ** 52 ? copysign(fabs(x) + 2 ** 52 - 2 ** 52, x) : x);

// JavaScript says that 1 ** NaN, and (-1) ** Infinity, are NaN, and its squares may be wrong in the last place.
const pow = (x, y) => (y === 2 ? x * x : x === 1 || (x === -1 && isinf(y)) ? 1 : x ** y);

// The neighbour of x in the direction of y.
const nextafter = (x, y) => {
    if (x !== x || y !== y) return x + y;
    if (x === y) return y;
    if (x === 0) return copysign(Number.MIN_VALUE, y);
    const bits = new BigInt64Array(new Float64Array([x]).buffer);
    bits[0] += x < y === x > 0 ? 1n : -1n;
    return new Float64Array(bits.buffer)[0];
};

const xp_maximum = (x, y) => (x < y || y !== y ? y : x);
const xp_minimum = (x, y) => (x > y || y !== y ? y : x);
const xp_sign = (x) => (x !== x ? x : (x > 0 ? 1 : 0) - (x < 0 ? 1 : 0));

// x % y as in Python, with the sign of y.
const xp_remainder = (x, y) => {
    const rest = x % y;
    if (rest === 0) return copysign(0, y);
    return rest < 0 !== y < 0 ? rest + y : rest;
};

// x // y as in Python: what is left after taking the rest away is nearly a multiple of y.
const xp_floor_divide = (x, y) => {
    if (y === 0) return x / y;
    const rest = x % y;
    let quotient = (x - rest) / y;
    if (rest !== 0 && rest < 0 !== y < 0) quotient -= 1;
    if (quotient === 0) return copysign(0, x / y);
    const whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1 : whole;
};

// A finite number as an integer times a power of 2, exactly: [integer, exponent].
const parts = (x) => {
    const bits = new BigUint64Array(new Float64Array([fabs(x)]).buffer)[0];
    const exponent = Number(bits >> 52n);
    const fraction = bits & 0xfffffffffffffn;
    const integer = exponent > 0 ? fraction | 0x10000000000000n : fraction;
    return [x < 0 ? -integer : integer, (exponent > 0 ? exponent : 1) - 1075];
};

// The double nearest to integer * 2 ** exponent; of two that are equally near, the even one.
const rounded = (integer, exponent) => {
    let kept = integer < 0n ? -integer : integer;
    const excess = Math.max(kept.toString(2).length - 53, -1074 - exponent);
    if (excess > 0) {
        const shift = BigInt(excess), half = 1n << (shift - 1n), lost = kept & ((1n << shift) - 1n);
        kept >>= shift;
        if (lost > half || (lost === half && kept & 1n)) kept += 1n;
        exponent += excess;
    }
    let result = Number(kept) * (integer < 0n ? -1 : 1);
    for (; exponent > 1000; exponent -= 1000) result *= 2 ** 1000;
    for (; exponent < -1000; exponent += 1000) result *= 2 ** -1000;
    return result * 2 ** exponent;
};

// x * y + z, rounded once.
const fma = (x, y, z) => {
    if (x === 0 || y === 0 || !isfinite(x) || !isfinite(y)) return x * y + z;
    if (!isfinite(z)) return z;
    const [a, i] = parts(x), [b, j] = parts(y), [c, k] = parts(z);
    const least = Math.min(i + j, k);
    return rounded(((a * b) << BigInt(i + j - least)) + (c << BigInt(k - least)), least);
};

// The error function by the rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error
// function", Mathematics of Computation 23 (1969), in the form of his program CALERF: P(x) / Q(x), highest power first.
const fraction = (x, above, below) => {
    let p = above[0], q = 1;
    for (let i = 1; i < above.length; i++) p = p * x + above[i];
    for (const coefficient of below) q = q * x + coefficient;
    return p / q;
};
const ERF_SMALL = [
    [1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3],
    [2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
];
const ERF_MIDDLE = [
    [
        2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
        2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
        1.23033935479799725e3,
    ],
    [
        1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3,
        3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3,
    ],
];
const ERF_LARGE = [
    [
        1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1,
        1.60837851487422766e-2, 6.58749161529837803e-4,
    ],
    [
        2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2,
        2.33520497626869185e-3,
    ],
];

// exp(-x * x), where the square is split so that its rounding does not matter.
const exp_of_square = (x) => {
    const near = trunc(x * 16) / 16;
    return exp(-near * near) * exp(-(x - near) * (x + near));
};

// exp(x * x) * erfc(x) for x > 0.46875.
const scaled_erfc = (x) => {
    if (x <= 4) return fraction(x, ...ERF_MIDDLE);
    const s = 1 / (x * x);
    return (1 / sqrt(Math.PI) - s * fraction(s, ...ERF_LARGE)) / x;
};

const erf = (x) => {
    const size = fabs(x);
    if (!(size > 0.46875)) return x * fraction(x * x, ...ERF_SMALL);
    return copysign(size > 6 ? 1 : 1 - exp_of_square(size) * scaled_erfc(size), x);
};

const erfc = (x) => {
    const size = fabs(x);
    if (!(size > 0.46875)) return 1 - x * fraction(x * x, ...ERF_SMALL);
    if (size > 28) return x > 0 ? 0 : 2;
    const tail = exp_of_square(size) * scaled_erfc(size);
    return x > 0 ? tail : 2 - tail;
};
