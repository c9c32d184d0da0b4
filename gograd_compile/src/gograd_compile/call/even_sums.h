/* Adds up runs of sums side by side: see sums.pxi. Lanes of a vector are different sums, so each is added in order.

The file includes itself: what comes after its only #else is compiled for vectors of each width. */

#ifndef LANES
#include <stddef.h>
#include <stdint.h>

typedef struct {  /* a run has minus the length of each sum as its code, and begins in the moves */
    int64_t code, slot, count, at;
} Step;

typedef struct {  /* a term of the first sum of a run, and how far its slots move from sum to sum */
    uint32_t first, second;
    int32_t dx, dy;
} Move;

#ifdef __has_builtin
#if __has_builtin(__builtin_shufflevector)
#define HAS_VECTORS
#endif
#endif

#ifdef HAS_VECTORS
#define INLINE static inline __attribute__((always_inline))
#define SHUFFLED __builtin_shufflevector
typedef double TwoLanes __attribute__((vector_size(16), aligned(8)));
#define LANES 2
#else
#define INLINE static inline
#define LANES 1
#endif
#define TARGET
#define NAME(name) name##_plainly
#include "even_sums.h"

#if defined(HAS_VECTORS) && defined(__x86_64__)
#undef LANES
#undef TARGET
#undef NAME
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#define NAME(name) name##_with_avx2
#include "even_sums.h"
#define BEST (__builtin_cpu_supports("avx2") ? run_with_avx2 : run_plainly)
#else
#define BEST run_plainly
#endif

#else

#if LANES == 1
typedef double NAME(Lanes);
#define REVERSED(x) (x)
#elif LANES == 2
typedef TwoLanes NAME(Lanes);
#define REVERSED(x) SHUFFLED(x, x, 1, 0)
#else
typedef double NAME(Lanes) __attribute__((vector_size(32), aligned(8)));
#define REVERSED(x) SHUFFLED(x, x, 3, 2, 1, 0)
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
#else
    return (NAME(Lanes)){x[0], x[by], x[2 * by], x[3 * by]};
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
    ptrdiff_t begin, ptrdiff_t k, const int vectors, const ptrdiff_t by)
{
    do {
        const double *x = v + moves[k].first + begin * by;
        for (int j = 0; j < vectors; j++)
            total[j] += NAME(read)(x + j * LANES * by, by) * v[moves[k].second];
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
    ptrdiff_t begin, ptrdiff_t k, const int vectors, ptrdiff_t by)
{
    for (; NAME(lie_together)(moves + k, length - k, by); k += 2) {
        const double *x = v + moves[k].first + begin * by;
        const double y = v[moves[k].second], z = v[moves[k + 1].second];
        for (int j = 0; j < vectors; j++) {
            NAME(Lanes) left, right;
            NAME(read_two)(x + j * LANES * by, by, &left, &right);
            total[j] += left * y;
            total[j] += right * z;
        }
    }
    return k;
}

/* Add terms from `k` on, as long as the first factor moves by `dx` and the second one by `dy`. */
TARGET INLINE ptrdiff_t NAME(add_products)(NAME(Lanes) *total, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, ptrdiff_t k, const int vectors, const ptrdiff_t dx, const ptrdiff_t dy)
{
    do {
        const double *x = v + moves[k].first + begin * dx, *y = v + moves[k].second + begin * dy;
        for (int j = 0; j < vectors; j++)
            total[j] += NAME(read)(x + j * LANES * dx, dx) * NAME(read)(y + j * LANES * dy, dy);
        k++;
    } while (k < length && moves[k].dx == dx && moves[k].dy == dy);
    return k;
}

/* Add up LANES * vectors sums of a run, from the one at `begin` on. */
TARGET INLINE void NAME(run_block)(const double *v, double *out, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const int vectors)
{
    NAME(Lanes) total[16 / LANES];
    ptrdiff_t k = 0;
    for (int j = 0; j < vectors; j++)
        total[j] = -(NAME(Lanes)){0};  /* -0.0 changes no term that is added to it */
    while (k < length) {
        const Move *term = moves + k;
        const ptrdiff_t dx = term->dx, dy = term->dy;
        if (dx == 1 && dy == 1) {
            k = NAME(add_products)(total, v, moves, length, begin, k, vectors, 1, 1);
        } else if (dy != 0) {
            k = NAME(add_products)(total, v, moves, length, begin, k, vectors, dx, dy);
        } else if (dx == 1) {
            k = NAME(add_even)(total, v, moves, length, begin, k, vectors, 1);
        } else if (dx == -1) {
            k = NAME(add_even)(total, v, moves, length, begin, k, vectors, -1);
        } else if (NAME(lie_together)(term, length - k, dx)) {
            k = NAME(add_pairs)(total, v, moves, length, begin, k, vectors, dx);
        } else {
            k = NAME(add_even)(total, v, moves, k + 1, begin, k, vectors, dx);
        }
    }
    for (int j = 0; j < vectors; j++)
        *(NAME(Lanes) *)(out + begin + j * LANES) = total[j];
}

/* Add up the sums of a run, at least four. The last blocks overlap, since to add up a sum again changes nothing. */
TARGET static void NAME(run)(double *v, const Step *step, const Move *moves)
{
    double *out = v + step->slot;
    const ptrdiff_t length = -step->code, count = step->count;
    ptrdiff_t begin = 0;
    while (begin < count) {
        ptrdiff_t width = count - begin > 8 ? 16 : count - begin > 4 ? 8 : 4;
        if (width > count)
            width /= 2;
        if (begin > count - width)
            begin = count - width;
        if (width == 16)
            NAME(run_block)(v, out, moves, length, begin, 16 / LANES);
        else if (width == 8)
            NAME(run_block)(v, out, moves, length, begin, 8 / LANES);
        else
            NAME(run_block)(v, out, moves, length, begin, 4 / LANES);
        begin += width;
    }
}

#undef REVERSED
#endif
