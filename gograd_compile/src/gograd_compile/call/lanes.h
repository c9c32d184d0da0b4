/* Adds up sums at many points at once, for points.pxi. A row has a lane for each point, and every lane is added in order.

A sum consists of terms: a row times another row, or a row times a coefficient, a number that all points share. The
file includes itself: what comes after its only #else is compiled for vectors of each width. */

#ifndef WIDTH
#include <stddef.h>
#include <stdint.h>

enum { TILE = 8 };  /* how many sums of a table have their coefficients side by side */

typedef struct {  /* the second factor is a row, or ~ the place of a coefficient */
    int32_t row, other;
} Factors;

typedef struct {  /* sums of products of the same rows: coefficients lie tile by tile, and in a tile row by row */
    const int32_t *rows, *outs;
    const double *coefficients;
    ptrdiff_t length, sums;
} SumTable;

typedef struct {  /* sums that are added one by one, from the places in `starts` to the next ones, into the rows `outs` */
    const Factors *terms;
    const int32_t *starts, *outs;
} SumList;

typedef struct {  /* total [i, j] adds up, over points, the sum of the products of rows xs[i, k] and ys[j, k] */
    const int32_t *xs, *ys, *outs;
    ptrdiff_t length, width, height;
} TotalTable;

typedef struct {
    void (*table)(double *v, ptrdiff_t lanes, const SumTable *table);
    void (*sums)(double *v, ptrdiff_t lanes, const SumList *list, ptrdiff_t begin, ptrdiff_t end, const double *coefficients);
    void (*totals)(const double *v, ptrdiff_t lanes, ptrdiff_t count, const TotalTable *table, double *totals);
    double (*total)(const double *row, ptrdiff_t count);
    int (*are_finite)(const double *numbers, ptrdiff_t count);
    void (*add)(double *totals, const double *parts, ptrdiff_t count);
    void (*load)(double *v, ptrdiff_t lanes, const int64_t *slots, ptrdiff_t width, const double *points, ptrdiff_t apart, ptrdiff_t count);
    void (*store)(const double *v, ptrdiff_t lanes, const int64_t *slots, ptrdiff_t width, double *points, ptrdiff_t apart, ptrdiff_t count);
} LaneFunctions;

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define HAS_LANES
#endif
#endif

#ifdef HAS_LANES
#define ALWAYS static inline __attribute__((always_inline))
#else
#define ALWAYS static inline
#endif

#define WIDTH 1
#define FOR_PROCESSOR
#define OWN(name) name##_one_by_one
#include "lanes.h"
#define BEST_LANES &functions_one_by_one

#if defined(HAS_LANES) && defined(__x86_64__)
#undef WIDTH
#undef FOR_PROCESSOR
#undef OWN
#define WIDTH 4
#define FOR_PROCESSOR __attribute__((target("avx2")))
#define OWN(name) name##_in_fours
#include "lanes.h"

#undef WIDTH
#undef FOR_PROCESSOR
#undef OWN
#define WIDTH 8
#define FOR_PROCESSOR __attribute__((target("avx512f,avx512dq")))
#define OWN(name) name##_in_eights
#include "lanes.h"

#undef BEST_LANES
#define BEST_LANES                                                                                  \
    (__builtin_cpu_supports("avx512dq") ? &functions_in_eights : __builtin_cpu_supports("avx2")     \
        ? &functions_in_fours : &functions_one_by_one)
#elif defined(HAS_LANES)
#undef WIDTH
#undef FOR_PROCESSOR
#undef OWN
#define WIDTH 2
#define FOR_PROCESSOR
#define OWN(name) name##_in_pairs
#include "lanes.h"
#undef BEST_LANES
#define BEST_LANES &functions_in_pairs
#endif

#else

#if WIDTH == 1
typedef double OWN(Vector);
typedef int64_t OWN(Mask);
#else
typedef double OWN(Vector) __attribute__((vector_size(8 * WIDTH), aligned(8)));
typedef int64_t OWN(Mask) __attribute__((vector_size(8 * WIDTH)));
#endif

enum {
    OWN(PARTS) = 8 / WIDTH,  /* vectors in eight lanes */
    OWN(ABREAST) = WIDTH == 1 ? 8 : 2,  /* vectors of a tile */
    OWN(HIGH) = WIDTH == 8 ? 8 : WIDTH == 1 ? 1 : 4,  /* sums of a tile */
    OWN(ACROSS) = WIDTH == 8 ? 4 : WIDTH == 4 ? 2 : 1,  /* totals of a tile, in each direction */
};

/* Compute some sums of a table in some vectors of lanes. */
FOR_PROCESSOR ALWAYS void OWN(tile)(double *v, ptrdiff_t lanes, ptrdiff_t lane, const SumTable *table, const double *c,
    ptrdiff_t apart, const int32_t *outs, const int sums, const int vectors)
{
    OWN(Vector) total[OWN(HIGH) * OWN(ABREAST)];
    const int32_t *rows = table->rows;
    for (int i = 0; i < sums * vectors; i++)
        total[i] = -(OWN(Vector)){0};  /* -0.0 changes no term that is added to it */
    for (ptrdiff_t k = 0; k < table->length; k++, c += apart) {
        const double *x = v + rows[k] * lanes + lane;
        for (int j = 0; j < vectors; j++) {
            const OWN(Vector) own = *(const OWN(Vector) *)(x + j * WIDTH);
            for (int i = 0; i < sums; i++)
                total[i * vectors + j] += own * c[i];
        }
    }
    for (int i = 0; i < sums; i++)
        for (int j = 0; j < vectors; j++)
            *(OWN(Vector) *)(v + outs[i] * lanes + lane + j * WIDTH) = total[i * vectors + j];
}

/* Compute the sums of a table in some vectors of lanes. */
FOR_PROCESSOR ALWAYS void OWN(tiles)(double *v, ptrdiff_t lanes, ptrdiff_t lane, const SumTable *table, const int vectors)
{
    for (ptrdiff_t first = 0; first < table->sums; first += TILE) {
        const ptrdiff_t left = table->sums - first, sums = left < TILE ? left : TILE;
        const double *c = table->coefficients + first * table->length;
        const int32_t *outs = table->outs + first;
        ptrdiff_t i = 0;
        for (; i + OWN(HIGH) <= sums; i += OWN(HIGH))
            OWN(tile)(v, lanes, lane, table, c + i, sums, outs + i, OWN(HIGH), vectors);
        if (OWN(HIGH) > 4)
            for (; i + 4 <= sums; i += 4)
                OWN(tile)(v, lanes, lane, table, c + i, sums, outs + i, 4, vectors);
        if (OWN(HIGH) > 2)
            for (; i + 2 <= sums; i += 2)
                OWN(tile)(v, lanes, lane, table, c + i, sums, outs + i, 2, vectors);
        for (; i < sums; i++)
            OWN(tile)(v, lanes, lane, table, c + i, sums, outs + i, 1, vectors);
    }
}

FOR_PROCESSOR static void OWN(table)(double *v, ptrdiff_t lanes, const SumTable *table)
{
    ptrdiff_t lane = 0;
    for (; lane + OWN(ABREAST) * WIDTH <= lanes; lane += OWN(ABREAST) * WIDTH)
        OWN(tiles)(v, lanes, lane, table, OWN(ABREAST));
    for (; lane + WIDTH <= lanes; lane += WIDTH)
        OWN(tiles)(v, lanes, lane, table, 1);
#if WIDTH > 1
    if (lane < lanes)  /* only if there are fewer than eight, for a single point */
        table_one_by_one(v + lane, lanes, table);
#endif
}

/* Compute a sum in some vectors of lanes. */
FOR_PROCESSOR ALWAYS void OWN(sum_vectors)(const double *v, ptrdiff_t lanes, const Factors *term, const Factors *end,
    const double *coefficients, double *out, const int vectors)
{
    OWN(Vector) total[4];
    for (int j = 0; j < vectors; j++)
        total[j] = -(OWN(Vector)){0};
    for (; term < end; term++) {
        const double *x = v + term->row * lanes;
        if (term->other < 0) {
            const double c = coefficients[~term->other];
            for (int j = 0; j < vectors; j++)
                total[j] += *(const OWN(Vector) *)(x + j * WIDTH) * c;
        } else {
            const double *y = v + term->other * lanes;
            for (int j = 0; j < vectors; j++)
                total[j] += *(const OWN(Vector) *)(x + j * WIDTH) * *(const OWN(Vector) *)(y + j * WIDTH);
        }
    }
    for (int j = 0; j < vectors; j++)
        *(OWN(Vector) *)(out + j * WIDTH) = total[j];
}

/* Add up some sums, so many vectors at once. It is faster where the compiler knows how many lanes there are. */
FOR_PROCESSOR ALWAYS void OWN(sums_of)(double *v, const ptrdiff_t lanes, const SumList *list, ptrdiff_t begin,
    ptrdiff_t end, const double *coefficients, const int vectors)
{
    const Factors *terms = list->terms;
    const int32_t *starts = list->starts, *outs = list->outs;
    for (ptrdiff_t k = begin; k < end; k++)
        for (ptrdiff_t lane = 0; lane < lanes; lane += vectors * WIDTH)
            OWN(sum_vectors)(v + lane, lanes, terms + starts[k], terms + starts[k + 1], coefficients,
                v + outs[k] * lanes + lane, vectors);
}

FOR_PROCESSOR static void OWN(sums)(double *v, ptrdiff_t lanes, const SumList *list, ptrdiff_t begin, ptrdiff_t end,
    const double *coefficients)
{
    if (lanes == 4 * WIDTH)
        OWN(sums_of)(v, 4 * WIDTH, list, begin, end, coefficients, 4);
    else if (lanes == 2 * WIDTH)
        OWN(sums_of)(v, 2 * WIDTH, list, begin, end, coefficients, 2);
    else if (lanes == WIDTH)
        OWN(sums_of)(v, WIDTH, list, begin, end, coefficients, 1);
    else if (lanes % (4 * WIDTH) == 0)
        OWN(sums_of)(v, lanes, list, begin, end, coefficients, 4);
    else if (lanes % WIDTH == 0)
        OWN(sums_of)(v, lanes, list, begin, end, coefficients, 1);
#if WIDTH > 1
    else
        sums_one_by_one(v, lanes, list, begin, end, coefficients);
#endif
}

/* Say of each lane of a vector whether it is among the first `count`: all bits are set, or none. */
FOR_PROCESSOR ALWAYS OWN(Mask) OWN(among)(ptrdiff_t count)
{
#if WIDTH == 1
    return count > 0 ? -1 : 0;
#else
    OWN(Mask) place;
    for (int i = 0; i < WIDTH; i++)
        place[i] = i;
    return place < (OWN(Mask)){0} + count;
#endif
}

/* Leave the lanes of a mask as they are, and make the others 0.0. */
FOR_PROCESSOR ALWAYS OWN(Vector) OWN(only)(OWN(Vector) numbers, OWN(Mask) mask)
{
#if WIDTH == 1
    return mask ? numbers : 0.0;
#else
    return (OWN(Vector))((OWN(Mask))numbers & mask);
#endif
}

/* Add up each of some rows of eight partial sums: halves, then quarters. */
#if WIDTH == 8
#define IN_PAIRS __builtin_shufflevector
FOR_PROCESSOR ALWAYS void OWN(add_parts)(const OWN(Vector) *parts, double *found, const int count)
{
    OWN(Vector) sums[OWN(ACROSS) * OWN(ACROSS)];
    for (int i = 0; i < OWN(ACROSS) * OWN(ACROSS); i++)
        sums[i] = i < count ? parts[i] : (OWN(Vector)){0};
    for (int i = 0; 2 * i < count; i++)
        sums[i] = IN_PAIRS(sums[2 * i], sums[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11)
            + IN_PAIRS(sums[2 * i], sums[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15);
    for (int i = 0; 4 * i < count; i++)
        sums[i] = IN_PAIRS(sums[2 * i], sums[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13)
            + IN_PAIRS(sums[2 * i], sums[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15);
    for (int i = 0; 8 * i < count; i++)
        sums[i] = IN_PAIRS(sums[2 * i], sums[2 * i + 1], 0, 2, 4, 6, 8, 10, 12, 14)
            + IN_PAIRS(sums[2 * i], sums[2 * i + 1], 1, 3, 5, 7, 9, 11, 13, 15);
    for (int i = 0; i < count; i++)
        found[i] = sums[i / 8][i % 8];
}
#undef IN_PAIRS
#else
FOR_PROCESSOR ALWAYS void OWN(add_parts)(const OWN(Vector) *parts, double *found, const int count)
{
    for (int i = 0; i < count; i++) {
        const double *x = (const double *)(parts + i * OWN(PARTS));
        found[i] = ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
    }
}
#endif

/* Multiply term k of the rows of some totals, and add the products to what was found, if there are earlier terms. */
FOR_PROCESSOR ALWAYS void OWN(multiply)(OWN(Vector) *found, const double *v, ptrdiff_t lanes, const int32_t *xs,
    const int32_t *ys, ptrdiff_t length, ptrdiff_t k, const int width, const int height, const int is_first)
{
    OWN(Vector) y[OWN(ACROSS)];
    for (int j = 0; j < width; j++)
        y[j] = *(const OWN(Vector) *)(v + ys[j * length + k] * lanes);
    for (int i = 0; i < height; i++) {
        const OWN(Vector) x = *(const OWN(Vector) *)(v + xs[i * length + k] * lanes);
        for (int j = 0; j < width; j++)
            found[i * width + j] = is_first ? x * y[j] : found[i * width + j] + x * y[j];
    }
}

/* Add the products of eight lanes of rows to totals, or of the first `count` of these lanes if not all count. */
FOR_PROCESSOR ALWAYS void OWN(add_totals)(OWN(Vector) *total, const double *v, ptrdiff_t lanes, ptrdiff_t count,
    const int32_t *xs, const int32_t *ys, ptrdiff_t length, const int width, const int height, const int all)
{
    for (int part = 0; part < OWN(PARTS); part++, v += WIDTH, count -= WIDTH) {
        OWN(Vector) found[OWN(ACROSS) * OWN(ACROSS)];
        OWN(multiply)(found, v, lanes, xs, ys, length, 0, width, height, 1);
        for (ptrdiff_t k = 1; k < length; k++)
            OWN(multiply)(found, v, lanes, xs, ys, length, k, width, height, 0);
        for (int i = 0; i < height * width; i++)
            total[i * OWN(PARTS) + part] += all ? found[i] : OWN(only)(found[i], OWN(among)(count));
    }
}

/* Compute some totals of a table. */
FOR_PROCESSOR ALWAYS void OWN(totals_tile)(const double *v, ptrdiff_t lanes, ptrdiff_t count, const TotalTable *table,
    ptrdiff_t row, ptrdiff_t column, double *totals, const ptrdiff_t length, const int width, const int height)
{
    const int32_t *xs = table->xs + row * length, *ys = table->ys + column * length;
    OWN(Vector) total[OWN(ACROSS) * OWN(ACROSS) * OWN(PARTS)];
    ptrdiff_t lane = 0;
    for (int i = 0; i < width * height * OWN(PARTS); i++)
        total[i] = (OWN(Vector)){0};
    for (; lane + 8 <= count; lane += 8)
        OWN(add_totals)(total, v + lane, lanes, 8, xs, ys, length, width, height, 1);
    if (lane < count)
        OWN(add_totals)(total, v + lane, lanes, count - lane, xs, ys, length, width, height, 0);
    double found[OWN(ACROSS) * OWN(ACROSS)];
    OWN(add_parts)(total, found, width * height);
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++)
            totals[table->outs[(row + i) * table->width + column + j]] = found[i * width + j];
}

FOR_PROCESSOR ALWAYS void OWN(totals_row)(const double *v, ptrdiff_t lanes, ptrdiff_t count, const TotalTable *table,
    ptrdiff_t row, double *totals, const ptrdiff_t length, const int height)
{
    ptrdiff_t column = 0;
    for (; column + OWN(ACROSS) <= table->width; column += OWN(ACROSS))
        OWN(totals_tile)(v, lanes, count, table, row, column, totals, length, OWN(ACROSS), height);
    for (; column < table->width; column++)
        OWN(totals_tile)(v, lanes, count, table, row, column, totals, length, 1, height);
}

FOR_PROCESSOR ALWAYS void OWN(totals_of)(const double *v, ptrdiff_t lanes, ptrdiff_t count, const TotalTable *table,
    double *totals, const ptrdiff_t length)
{
    ptrdiff_t row = 0;
    for (; row + OWN(ACROSS) <= table->height; row += OWN(ACROSS))
        OWN(totals_row)(v, lanes, count, table, row, totals, length, OWN(ACROSS));
    for (; row < table->height; row++)
        OWN(totals_row)(v, lanes, count, table, row, totals, length, 1);
}

FOR_PROCESSOR static void OWN(totals)(const double *v, ptrdiff_t lanes, ptrdiff_t count, const TotalTable *table,
    double *totals)
{
    if (table->length == 1)
        OWN(totals_of)(v, lanes, count, table, totals, 1);
    else
        OWN(totals_of)(v, lanes, count, table, totals, table->length);
}

FOR_PROCESSOR static double OWN(total)(const double *row, ptrdiff_t count)
{
    OWN(Vector) total[OWN(PARTS)];
    for (int part = 0; part < OWN(PARTS); part++)
        total[part] = (OWN(Vector)){0};
    for (ptrdiff_t lane = 0; lane < count; lane += 8)
        for (int part = 0; part < OWN(PARTS); part++)
            total[part] += OWN(only)(*(const OWN(Vector) *)(row + lane + part * WIDTH),
                OWN(among)(count - lane - part * WIDTH));
    double found;
    OWN(add_parts)(total, &found, 1);
    return found;
}

/* Say whether some numbers are finite: the difference of each and itself is 0.0. */
FOR_PROCESSOR static int OWN(are_finite)(const double *numbers, ptrdiff_t count)
{
    OWN(Vector) sum[4];
    double rest = 0.0;
    ptrdiff_t i = 0;
    for (int j = 0; j < 4; j++)
        sum[j] = (OWN(Vector)){0};
    for (; i + 4 * WIDTH <= count; i += 4 * WIDTH)
        for (int j = 0; j < 4; j++) {
            const OWN(Vector) x = *(const OWN(Vector) *)(numbers + i + j * WIDTH);
            sum[j] += x - x;
        }
    for (; i < count; i++)
        rest += numbers[i] - numbers[i];
    sum[0] += (sum[1] + sum[2]) + sum[3];
    for (i = 0; i < WIDTH; i++)
        rest += ((const double *)sum)[i];
    return rest == 0.0;
}

FOR_PROCESSOR static void OWN(add)(double *totals, const double *parts, ptrdiff_t count)
{
    ptrdiff_t i = 0;
    for (; i + WIDTH <= count; i += WIDTH)
        *(OWN(Vector) *)(totals + i) += *(const OWN(Vector) *)(parts + i);
    for (; i < count; i++)
        totals[i] += parts[i];
}

#if WIDTH >= 4
#define EXCHANGE __builtin_shufflevector
/* Transpose WIDTH vectors: exchange halves, then quarters, and so on. */
FOR_PROCESSOR ALWAYS void OWN(transpose)(OWN(Vector) *rows)
{
    for (int size = WIDTH / 2; size > 0; size /= 2)
        for (int i = 0; i < WIDTH; i++) {
            const OWN(Vector) x = rows[i], y = rows[i | size];
            if (i & size)
                continue;
#if WIDTH == 8
            rows[i] = size == 4 ? EXCHANGE(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
                : size == 2 ? EXCHANGE(x, y, 0, 1, 8, 9, 4, 5, 12, 13) : EXCHANGE(x, y, 0, 8, 2, 10, 4, 12, 6, 14);
            rows[i | size] = size == 4 ? EXCHANGE(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
                : size == 2 ? EXCHANGE(x, y, 2, 3, 10, 11, 6, 7, 14, 15) : EXCHANGE(x, y, 1, 9, 3, 11, 5, 13, 7, 15);
#else
            rows[i] = size == 2 ? EXCHANGE(x, y, 0, 1, 4, 5) : EXCHANGE(x, y, 0, 4, 2, 6);
            rows[i | size] = size == 2 ? EXCHANGE(x, y, 2, 3, 6, 7) : EXCHANGE(x, y, 1, 5, 3, 7);
#endif
        }
}
#undef EXCHANGE
#endif

/* Load numbers that lie next to each other in each of some points into rows, a lane for each point. */
FOR_PROCESSOR static void OWN(load)(double *v, ptrdiff_t lanes, const int64_t *slots, ptrdiff_t width,
    const double *points, ptrdiff_t apart, ptrdiff_t count)
{
    ptrdiff_t first = 0;
#if WIDTH >= 4
    for (; first + WIDTH <= width; first += WIDTH) {
        ptrdiff_t lane = 0;
        for (; lane + WIDTH <= count; lane += WIDTH) {
            OWN(Vector) rows[WIDTH];
            for (int i = 0; i < WIDTH; i++)
                rows[i] = *(const OWN(Vector) *)(points + (lane + i) * apart + first);
            OWN(transpose)(rows);
            for (int i = 0; i < WIDTH; i++)
                *(OWN(Vector) *)(v + slots[first + i] * lanes + lane) = rows[i];
        }
        for (; lane < count; lane++)
            for (int i = 0; i < WIDTH; i++)
                v[slots[first + i] * lanes + lane] = points[lane * apart + first + i];
    }
#endif
    for (; first < width; first++)
        for (ptrdiff_t lane = 0; lane < count; lane++)
            v[slots[first] * lanes + lane] = points[lane * apart + first];
}

/* Store rows as numbers that lie next to each other in each of some points. */
FOR_PROCESSOR static void OWN(store)(const double *v, ptrdiff_t lanes, const int64_t *slots, ptrdiff_t width,
    double *points, ptrdiff_t apart, ptrdiff_t count)
{
    ptrdiff_t first = 0;
#if WIDTH >= 4
    for (; first + WIDTH <= width; first += WIDTH) {
        ptrdiff_t lane = 0;
        for (; lane + WIDTH <= count; lane += WIDTH) {
            OWN(Vector) rows[WIDTH];
            for (int i = 0; i < WIDTH; i++)
                rows[i] = *(const OWN(Vector) *)(v + slots[first + i] * lanes + lane);
            OWN(transpose)(rows);
            for (int i = 0; i < WIDTH; i++)
                *(OWN(Vector) *)(points + (lane + i) * apart + first) = rows[i];
        }
        for (; lane < count; lane++)
            for (int i = 0; i < WIDTH; i++)
                points[lane * apart + first + i] = v[slots[first + i] * lanes + lane];
    }
#endif
    for (; first < width; first++)
        for (ptrdiff_t lane = 0; lane < count; lane++)
            points[lane * apart + first] = v[slots[first] * lanes + lane];
}

static const LaneFunctions OWN(functions) = {
    OWN(table), OWN(sums), OWN(totals), OWN(total), OWN(are_finite), OWN(add), OWN(load),
    OWN(store)
};
#endif
