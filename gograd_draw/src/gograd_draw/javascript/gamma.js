// The gamma function and its derivatives, by the series of Stirling (DLMF 5.11) and of Euler and Maclaurin (DLMF 25.11).
const BERNOULLI = [
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330,
];  // B2, B4, ...
const FAR = 13;  // from there on these terms are enough

// sin(pi * x), where the multiple of pi is taken away exactly.
const sinpi = (x) => {
    const whole = rint(x);
    return (whole % 2 === 0 ? 1 : -1) * sin(Math.PI * (x - whole));
};

// log(gamma(x)) less (x - 1/2) * log(x) - x + log(2 * pi) / 2, for x >= FAR.
const stirling = (x) => {
    let total = 0;
    for (let k = BERNOULLI.length; k > 0; k--) {
        total = total / x / x + BERNOULLI[k - 1] / (2 * k * (2 * k - 1)) / x;
    }
    return total;
};

const gamma = (x) => {
    if (x === Infinity || isnan(x)) return x;
    if (fabs(x) < 1e-17) return 1 / x;
    if (x < 0) {
        if (x === floor(x)) return NaN;
        // Far from 0, gamma(-x) overflows before its reciprocal underflows.
        const half = x < -150 ? gamma_by_square(-x) : sqrt(gamma(-x));
        return -Math.PI / (x * sinpi(x)) / half / half;
    }
    let product = 1;
    if (x === floor(x) && x < 24) {
        for (let k = 2; k < x; k++) product *= k;
        return product;
    }
    const count = Math.max(0, ceil(FAR - x)), far = x + count;
    for (let k = 0; k < count; k++) product *= x + k;
    const half = gamma_by_square(far), lost = x - (far - count);
    return ((half * half) / product) * (1 + lost * log(far));
};

// The square root of gamma(x), for x >= FAR.
const gamma_by_square = (x) =>
    x > 400 ? Infinity : pow(x, 0.5 * x - 0.25) * exp(-0.5 * x) * sqrt(sqrt(2 * Math.PI) * exp(stirling(x)));

// The logarithm of the absolute value of gamma(x).
const lgamma = (x) => {
    if (isnan(x)) return x;
    if (isinf(x) || (x <= 0 && x === floor(x))) return Infinity;
    if (fabs(x) < 1e-17) return -log(fabs(x));
    if (x < 0) return log(Math.PI) - log(fabs(x * sinpi(x))) - lgamma(-x);
    if (x < FAR) return log(gamma(x));
    return (x - 0.5) * (log(x) - 1) + (0.5 * log(2 * Math.PI) - 0.5 + stirling(x));
};

const digamma = (x) => {
    if (fabs(x) < 1e-17) return -1 / x;
    if (x < 0) return x === floor(x) ? NaN : digamma(-x) - 1 / x - Math.PI / Math.tan(Math.PI * (x - rint(x)));
    let far = x, sum = 0;
    for (; far < FAR; far += 1) sum += 1 / far;
    let series = 0;
    for (let k = BERNOULLI.length; k > 0; k--) series = (series + BERNOULLI[k - 1] / (2 * k)) / far / far;
    return log(far) - 0.5 / far - series - sum;
};

// The sum of (1 + k / x) ** -s over k = 0, 1, ..., for x > 0.
const scaled_zeta = (s, x) => {
    const count = Math.max(0, ceil(s - x) + 10), start = x + count;
    let total = 0, rest = start / (s - 1) + 0.5, term = s / start, factorial = 1;
    BERNOULLI.forEach((number, k) => {
        factorial *= (2 * k + 1) * (2 * k + 2);
        rest += (number * term) / factorial;
        term *= ((s + 2 * k + 1) * (s + 2 * k + 2)) / (start * start);
    });
    total = pow(1 + count / x, -s) * rest;
    for (let k = count - 1; k >= 0; k--) total += pow(1 + k / x, -s);
    return total;
};

// The sum of 1 / (x + k) ** s over k = 0, 1, ..., for a whole s > 1.
const zeta = (s, x) => {
    if (!isfinite(x)) return x > 0 ? 0 : NaN;
    if (x > 0) return s > 200 ? pow(x, -s) : pow(x, -s) * scaled_zeta(s, x);
    if (x === floor(x)) return Infinity;
    // The sum over all integers k has the period 1, and its terms with negative k form a sum to the right of 0.
    const apart = x - rint(x), size = fabs(apart), sign = s % 2 === 0 ? 1 : -1;
    return (apart < 0 ? sign : 1) * (zeta(s, size) + sign * zeta(s, 1 - size)) - sign * zeta(s, 1 - x);
};

const polygamma = (n, x) => {
    if (n === 0) return digamma(x);
    if (!(n > 0 && n % 1 === 0)) return NaN;
    const factorial = n < 171 ? gamma(n + 1) : Infinity, sign = n % 2 === 0 ? -1 : 1;
    if (!(x > 1 && x < Infinity && n < 171)) return sign * factorial * zeta(n + 1, x);
    const half = pow(x, -0.5 * (n + 1));
    return sign * (factorial * half * half * scaled_zeta(n + 1, x));
};
