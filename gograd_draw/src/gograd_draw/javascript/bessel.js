// Bessel functions of orders 0 and 1: power series near 0 (DLMF 10.8, 10.25), the recurrence from high orders down in
// the middle (DLMF 3.6), and Hankel's expansions far away (DLMF 10.17, 10.40).

// The sum of q ** k / (k! * (k + order)!) over k = 0, 1, ...
const bessel_series = (order, q) => {
    let total = 1, term = 1;
    for (let k = 1; fabs(term) > 1e-18 * fabs(total); k++) {
        term *= q / (k * (k + order));
        total += term;
    }
    return total;
};

// The terms of Hankel's expansions at x, without their signs, as long as they become smaller and matter.
const hankel_terms = (order, x) => {
    const terms = [1];
    for (let k = 1; k < 2 * x && fabs(terms[k - 1]) > 1e-18; k++) {
        terms.push((terms[k - 1] * (4 * order * order - (2 * k - 1) ** 2)) / (8 * k * x));
    }
    return terms;
};

const modified_bessel = (order, x) => {
    const size = fabs(x), sign = order === 1 ? copysign(1, x) : 1;
    if (!(size > 30)) return (order === 1 ? 0.5 * x : 1) * bessel_series(order, 0.25 * x * x);
    const total = hankel_terms(order, size).reduceRight((sum, term, k) => sum + (k % 2 === 0 ? term : -term), 0);
    return (sign * exp(size) * total) / sqrt(2 * Math.PI) / sqrt(size);
};
const i0 = (x) => modified_bessel(0, x);
const i1 = (x) => modified_bessel(1, x);

const bessel = (order, x) => {
    const size = fabs(x), sign = order === 1 ? copysign(1, x) : 1;
    if (!(size > 1)) return (order === 1 ? 0.5 * x : 1) * bessel_series(order, -0.25 * x * x);
    if (size <= 25) {
        const found = [0, 0];
        let above = 0, here = 1e-250, total = 0;
        for (let k = 80; k > 0; k--) {
            [above, here] = [here, ((2 * k) / size) * here - above];
            if (k < 3) found[k - 1] = here;
            if (k % 2 === 1) total += (k === 1 ? 1 : 2) * here;  // J0 + 2 * (J2 + J4 + ...) is 1
        }
        return (sign * found[order]) / total;
    }
    let p = 0, q = 0;
    hankel_terms(order, size).forEach((term, k) => {
        const signed = k % 4 < 2 ? term : -term;
        if (k % 2 === 0) p += signed;
        else q += signed;
    });
    // cos and sin of the phase: x - pi/4, or x - 3*pi/4
    const c = cos(size), s = sin(size);
    const [cosine, sine] = order === 0 ? [c + s, s - c] : [s - c, -s - c];
    return (sign * (p * cosine - q * sine)) / sqrt(Math.PI) / sqrt(size);
};
const j0 = (x) => bessel(0, x);
const j1 = (x) => bessel(1, x);
