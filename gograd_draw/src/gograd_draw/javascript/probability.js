// Functions of probabilities. Like those of runtime.js, they have the names that operations have.
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

// exp(x * x) * erfc(x).
const erfcx = (x) => {
    if (x > 0.46875) return scaled_erfc(x);
    if (x < -27) return Infinity;
    if (!(x < -0.46875)) return exp(x * x) * erfc(x);
    return 2 / exp_of_square(x) - scaled_erfc(-x);
};

// The normal distribution.
const ndtr = (x) => 0.5 * erfc(-x * Math.SQRT1_2);
const log_ndtr = (x) =>
    x < -1 ? log(0.5 * erfcx(-x * Math.SQRT1_2)) - 0.5 * x * x : log1p(-0.5 * erfc(x * Math.SQRT1_2));

// Inverses, by Newton's method for the logarithm of the probability where it is small, else by Halley's for erf.
const inverse_of_tail = (p) => {
    const size = sqrt(-2 * log(p));
    // M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.2.23: correct to 5e-4
    const above = 2.515517 + size * (0.802853 + size * 0.010328);
    let x = above / (1 + size * (1.432788 + size * (0.189269 + size * 0.001308))) - size;
    for (let step = 0; step < 4; step++) {
        x -= ((log_ndtr(x) - log(p)) * erfcx(-x * Math.SQRT1_2)) / sqrt(2 / Math.PI);
    }
    return x;
};
const erfinv = (x) => {
    if (fabs(x) > 0.5) return copysign(erfcinv(1 - fabs(x)), x);
    let y = (sqrt(Math.PI) / 2) * x * (1 + (Math.PI / 12) * x * x);
    for (let step = 0; step < 3; step++) {
        const change = ((erf(y) - x) * sqrt(Math.PI)) / 2 / exp(-y * y);
        y -= change / (1 + y * change);
    }
    return y;
};
const erfcinv = (x) => {
    if (!(x >= 0 && x <= 2)) return NaN;
    if (x >= 0.5 && x <= 1.5) return erfinv(1 - x);
    return x > 1 ? -erfcinv(2 - x) : -Math.SQRT1_2 * ndtri(0.5 * x);
};
const ndtri = (p) => {
    if (!(p >= 0 && p <= 1)) return NaN;
    if (p >= 0.25 && p <= 0.75) return Math.SQRT2 * erfinv(2 * p - 1);
    return p > 0.5 ? -ndtri(1 - p) : p === 0 ? -Infinity : inverse_of_tail(p);
};

// The logistic function, its inverse, and entropies.
const expit = (x) => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)));
const logit = (p) => (p > 0.3 && p < 0.7 ? log1p(2 * (p - 0.5)) - log1p(-2 * (p - 0.5)) : log(p / (1 - p)));
const xlogy = (x, y) => (x === 0 && !isnan(y) ? 0 : x * log(y));
const entr = (x) => (x < 0 ? -Infinity : x === 0 ? 0 : -x * log(x));
