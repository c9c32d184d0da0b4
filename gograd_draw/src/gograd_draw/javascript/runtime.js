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

// JavaScript says that 1 ** NaN, and (-1) ** Infinity, are NaN.
const pow = (x, y) => (x === 1 || (x === -1 && isinf(y)) ? 1 : x ** y);

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

// The sum of a column, rounded once as Python's math.fsum does it. Partial sums are in order of size and do not overlap
// (J. R. Shewchuk's expansions). If one of them overflows, the result is the sum from left to right.
const fsum = (x) => {
    const partials = [];
    let from_left = 0, special = 0, overflows = false;
    for (const number of x) {
        from_left += number;
        let total = number, kept = 0;
        for (const partial of partials) {
            const [small, large] = fabs(total) < fabs(partial) ? [total, partial] : [partial, total];
            total = large + small;
            const lost = small - (total - large);
            if (lost !== 0) partials[kept++] = lost;
        }
        partials.length = kept;
        if (isfinite(total)) {
            partials.push(total);
        } else {
            overflows = overflows || isfinite(number);
            special += number;
            partials.length = 0;
        }
    }
    if (overflows) return from_left;
    if (special !== 0) return special;
    let total = 0, lost = 0;
    while (partials.length > 0 && lost === 0) {
        const large = partials.pop(), before = total;
        total += large;
        lost = large - (total - before);
    }
    // If half of the last place is lost, the partial sums not added yet decide, and not which neighbour is even.
    const next = partials.pop() ?? 0;
    if ((lost < 0 && next < 0) || (lost > 0 && next > 0)) {
        const twice = total + 2 * lost;
        if (twice - total === 2 * lost) total = twice;
    }
    return total;
};

// The length of a vector. A power of 2 keeps squares from overflow and underflow.
const norm = (x) => {
    let largest = 0, has_nan = false;
    for (const number of x) {
        if (isinf(number)) return Infinity;
        has_nan = has_nan || isnan(number);
        largest = Math.max(largest, fabs(number));
    }
    if (has_nan || largest === 0) return has_nan ? NaN : 0;
    const [low, high] = largest > 1 ? [2 ** -600, 2 ** 600] : [2 ** 600, 2 ** -600];
    if (largest > 2 ** -400 && largest < 2 ** 400) return sqrt(fsum(x.map((it) => it * it)));
    return sqrt(fsum(x.map((it) => it * low * (it * low)))) * high;
};
const dist = (x, y) => norm(x.map((number, i) => number - y[i]));

// Python's round(x, digits): exactly x is rounded to a decimal number, halfway to the even digit.
const round_to = (x, digits) => {
    if (!isfinite(x) || !isfinite(digits)) return x + 0 * digits;
    const places = trunc(digits);
    if (places > 323) return x;
    if (places < -308) return 0 * x;
    const [integer, exponent] = parts(fabs(x));
    let above = integer, below = 1n;
    if (exponent > 0) above <<= BigInt(exponent);
    else below <<= BigInt(-exponent);
    if (places > 0) above *= 10n ** BigInt(places);
    else below *= 10n ** BigInt(-places);
    let nearest = above / below;
    const twice = 2n * (above % below);
    if (twice > below || (twice === below && nearest & 1n)) nearest += 1n;
    return copysign(Number(`${nearest}e${-places}`), x);
};
