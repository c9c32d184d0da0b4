/* Adds up runs of sums side by side: see sums.pxi. Lanes of a vector are different sums, so each is added in order.

The file includes itself: what comes after its only #else is compiled for vectors of each width. */

#ifndef LANES
#include <stddef.h>
#include <stdint.h>

typedef struct {  /* of even sums: the code is negative, and `at` is the place of a Head among the moves */
    int64_t code, slot, count, at;
} Step;

typedef struct {  /* a term of the first sum of a run, and how far its slots move from sum to sum */
    uint32_t first, second;
    int32_t dx, dy;
} Move;

typedef struct {  /* has the size of two moves */
    uint32_t rows, length;   /* of a table; of a run rows is 1, and the length that of a sum */
    int32_t by, dx;          /* how far slots move from sum to sum: of results, and of factors, where 0 is: in many ways */
    uint32_t before, after;  /* how many terms a sum has before and after those of the table */
    uint32_t unused[2];
} Head;

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define HAS_VECTORS
#endif
#endif

#ifdef HAS_VECTORS
#define INLINE static inline __attribute__((always_inline))
#define APART __attribute__((noinline))
#define SHUFFLED __builtin_shufflevector
typedef double TwoLanes __attribute__((vector_size(16), aligned(8)));
typedef double FourLanes __attribute__((vector_size(32), aligned(8)));
#define LANES 2
#else
#define INLINE static inline
#define APART
#define LANES 1
#endif
#define TARGET
#define NAME(name) name##_plainly
#include "even_sums.h"
#define BEST run_plainly

#if defined(HAS_VECTORS) && defined(__x86_64__)
#undef LANES
#undef TARGET
#undef NAME
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_with_avx2
#include "even_sums.h"
#undef LANES
#undef TARGET
#undef NAME
#define LANES 8
#define TARGET __attribute__((target("avx512f,avx2")))
#define NAME(name) name##_with_avx512
#include "even_sums.h"
#undef BEST
#define BEST \
    (__builtin_cpu_supports("avx512f") ? run_with_avx512 : __builtin_cpu_supports("avx2") ? run_with_avx2 : run_plainly)
#endif

#else

#if LANES == 1
typedef double NAME(Lanes);
#define REVERSED(x) (x)
#elif LANES == 2
typedef TwoLanes NAME(Lanes);
#define REVERSED(x) SHUFFLED(x, x, 1, 0)
#elif LANES == 4
typedef FourLanes NAME(Lanes);
#define REVERSED(x) SHUFFLED(x, x, 3, 2, 1, 0)
#else
typedef double NAME(Lanes) __attribute__((vector_size(64), aligned(8)));
#define REVERSED(x) SHUFFLED(x, x, 7, 6, 5, 4, 3, 2, 1, 0)
#endif

/* Read LANES numbers, each `by` after the one before. */
TARGET INLINE NAME(Lanes) NAME(read)(const double *x, ptrdiff_t by)
{
    if (by == 1)
        return *(const NAME(Lanes) *)x;
    if (by == -1)
        return REVERSED(*(const NAME(Lanes) *)(x - (LANES - 1)));
#if LANES == 1
    return x[0];
#elif LANES == 2
    return (NAME(Lanes)){x[0], x[by]};
#elif LANES == 4
    return (NAME(Lanes)){x[0], x[by], x[2 * by], x[3 * by]};
#else
    return (NAME(Lanes)){x[0], x[by], x[2 * by], x[3 * by], x[4 * by], x[5 * by], x[6 * by], x[7 * by]};
#endif
}

/* Write LANES numbers, each `by` after the one before. */
TARGET INLINE void NAME(write)(double *out, ptrdiff_t by, NAME(Lanes) x)
{
#if LANES == 1
    *out = x;
#else
    if (by == 1)
        *(NAME(Lanes) *)out = x;
    else
        for (int i = 0; i < LANES; i++)
            out[i * by] = x[i];
#endif
}

/* Read as `read` does from x and from x + 1. */
TARGET INLINE void NAME(read_two)(const double *x, ptrdiff_t by, NAME(Lanes) *left, NAME(Lanes) *right)
{
#if LANES == 1
    *left = x[0], *right = x[1];
#elif LANES == 2
    const TwoLanes a = *(const TwoLanes *)x, b = *(const TwoLanes *)(x + by);
    *left = SHUFFLED(a, b, 0, 2), *right = SHUFFLED(a, b, 1, 3);
#elif LANES == 8
    FourLanes a, b, c, d;
    read_two_with_avx2(x, by, &a, &b);
    read_two_with_avx2(x + 4 * by, by, &c, &d);
    *left = SHUFFLED(a, c, 0, 1, 2, 3, 4, 5, 6, 7), *right = SHUFFLED(b, d, 0, 1, 2, 3, 4, 5, 6, 7);
#else
    const TwoLanes a = *(const TwoLanes *)x, b = *(const TwoLanes *)(x + by);
    const TwoLanes c = *(const TwoLanes *)(x + 2 * by), d = *(const TwoLanes *)(x + 3 * by);
    const NAME(Lanes) even = SHUFFLED(a, c, 0, 1, 2, 3), odd = SHUFFLED(b, d, 0, 1, 2, 3);
    *left = SHUFFLED(even, odd, 0, 4, 2, 6), *right = SHUFFLED(even, odd, 1, 5, 3, 7);
#endif
}

/* Say whether the first factor of a term moves by `by`, and the second one stays. */
TARGET INLINE int NAME(moves_by)(const Move *term, ptrdiff_t by)
{
    return term->dx == by && term->dy == 0;
}

/* Add terms from `k` on to some vectors of totals, as long as the first factor moves by `by` and the second one stays. */
TARGET INLINE ptrdiff_t NAME(add_even)(NAME(Lanes) *total, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const ptrdiff_t *at, ptrdiff_t k, const int vectors, const ptrdiff_t by)
{
    do {
        const double *x = v + moves[k].first + begin * by;
        for (int j = 0; j < vectors; j++)
            total[j] += NAME(read)(x + at[j] * by, by) * v[moves[k].second];
        k++;
    } while (k < length && NAME(moves_by)(moves + k, by));
    return k;
}

/* Say whether the first factors of a term and the next one lie together in each sum, as in the rows of a matrix. */
TARGET INLINE int NAME(lie_together)(const Move *term, ptrdiff_t left, ptrdiff_t by)
{
    return left > 1 && NAME(moves_by)(term, by) && NAME(moves_by)(term + 1, by) && term[1].first == term->first + 1;
}

/* Add pairs of such terms from `k` on. */
TARGET INLINE ptrdiff_t NAME(add_pairs)(NAME(Lanes) *total, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const ptrdiff_t *at, ptrdiff_t k, const int vectors, ptrdiff_t by)
{
    for (; NAME(lie_together)(moves + k, length - k, by); k += 2) {
        const double *x = v + moves[k].first + begin * by;
        const double y = v[moves[k].second], z = v[moves[k + 1].second];
        for (int j = 0; j < vectors; j++) {
            NAME(Lanes) left, right;
            NAME(read_two)(x + at[j] * by, by, &left, &right);
            total[j] += left * y;
            total[j] += right * z;
        }
    }
    return k;
}

/* Add terms from `k` on, as long as the first factor moves by `dx` and the second one by `dy`. */
TARGET INLINE ptrdiff_t NAME(add_products)(NAME(Lanes) *total, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const ptrdiff_t *at, ptrdiff_t k, const int vectors, const ptrdiff_t dx, const ptrdiff_t dy)
{
    do {
        const double *x = v + moves[k].first + begin * dx, *y = v + moves[k].second + begin * dy;
        for (int j = 0; j < vectors; j++)
            total[j] += NAME(read)(x + at[j] * dx, dx) * NAME(read)(y + at[j] * dy, dy);
        k++;
    } while (k < length && moves[k].dx == dx && moves[k].dy == dy);
    return k;
}

/* Find where vectors begin that cover `left` sums. The last ones overlap, since to add up a sum again changes nothing. */
TARGET INLINE void NAME(place)(ptrdiff_t *at, ptrdiff_t left, const int vectors)
{
    for (int j = 0; j < vectors; j++)
        at[j] = (j + 1) * LANES < left ? j * LANES : left - LANES;
}

/* Add all terms to some vectors of totals of a run. The sums are counted from the one at `begin` on. */
TARGET INLINE void NAME(add_terms)(NAME(Lanes) *total, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const ptrdiff_t *at, const int vectors)
{
    ptrdiff_t k = 0;
    while (k < length) {
        const Move *term = moves + k;
        const ptrdiff_t dx = term->dx, dy = term->dy;
        if (dx == 1 && dy == 1) {
            k = NAME(add_products)(total, v, moves, length, begin, at, k, vectors, 1, 1);
        } else if (dx == 1 && dy == -1) {
            k = NAME(add_products)(total, v, moves, length, begin, at, k, vectors, 1, -1);
        } else if (dy != 0) {
            k = NAME(add_products)(total, v, moves, length, begin, at, k, vectors, dx, dy);
        } else if (dx == 1) {
            k = NAME(add_even)(total, v, moves, length, begin, at, k, vectors, 1);
        } else if (dx == -1) {
            k = NAME(add_even)(total, v, moves, length, begin, at, k, vectors, -1);
        } else if (NAME(lie_together)(term, length - k, dx)) {
            k = NAME(add_pairs)(total, v, moves, length, begin, at, k, vectors, dx);
        } else {
            k = NAME(add_even)(total, v, moves, k + 1, begin, at, k, vectors, dx);
        }
    }
}

/* Add up `left` sums of a run, from the one at `begin` on. */
TARGET INLINE void NAME(run_block)(const double *v, double *out, const Move *moves, const Head *head,
    ptrdiff_t begin, ptrdiff_t left, const int vectors)
{
    NAME(Lanes) total[16 / LANES];
    ptrdiff_t at[16 / LANES];
    NAME(place)(at, left, vectors);
    for (int j = 0; j < vectors; j++)
        total[j] = -(NAME(Lanes)){0};  /* -0.0 changes no term that is added to it */
    NAME(add_terms)(total, v, moves, head->length, begin, at, vectors);
    for (int j = 0; j < vectors; j++)
        NAME(write)(out + (begin + at[j]) * head->by, head->by, total[j]);
}

#include "tables.h"

/* Add up even sums, at least four a row. */
TARGET static void NAME(run)(double *v, const Step *step, const Move *moves, double *copied)
{
    const Head *head = (const Head *)moves;
    const ptrdiff_t count = step->count;
#if LANES == 8
    if (count < LANES || (head->rows == 1 && head->dx == 0)) {  /* to gather numbers takes longer in wide vectors */
        run_with_avx2(v, step, moves, copied);
        return;
    }
#endif
    if (head->rows > 1) {
        NAME(run_table)(v, head, count, copied);
        return;
    }
    for (ptrdiff_t begin = 0; begin < count; begin += 16) {
        ptrdiff_t left = count - begin < 16 ? count - begin : 16;
        if (left < LANES)
            begin = count - LANES, left = LANES;
        if (left > 8)
            NAME(run_block)(v, v + step->slot, moves + 2, head, begin, left, 16 / LANES);
#if LANES < 8
        else if (left <= 4)
            NAME(run_block)(v, v + step->slot, moves + 2, head, begin, left, 4 / LANES);
#endif
        else
            NAME(run_block)(v, v + step->slot, moves + 2, head, begin, left, 8 / LANES);
    }
}

#undef REVERSED
#endif
