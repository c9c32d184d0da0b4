/* Adds up tables of sums, which are products of matrices: a part of even_sums.h, compiled for vectors of each width.

In a table, the sums of a row share one factor of each term, and the sums of a column the other one. Four rows are
added up at a time. After a Head come the columns, as moves of the first row, and then for every four rows (the last
four overlap with those before): the slots of their first results, those of their factors, term by term, and moves of
each row for the terms before and after. Four slots have the size of a move. */

#if LANES == 8  /* to gather numbers takes longer in wide vectors */
#define COPY_COLUMNS copy_columns_with_avx2
#else
#define COPY_COLUMNS NAME(copy_columns)

/* Copy the factors of columns, so that those of each term lie together. */
TARGET static APART void NAME(copy_columns)(double *copied, const double *v, const Move *columns, ptrdiff_t length,
    ptrdiff_t count)
{
    ptrdiff_t k = 0;
    while (k < length) {
        const ptrdiff_t by = columns[k].dx;
        const double *x = v + columns[k].first;
        ptrdiff_t j = 0;
        if (NAME(lie_together)(columns + k, length - k, by)) {
            for (; j + LANES <= count; j += LANES)
                NAME(read_two)(x + j * by, by, (NAME(Lanes) *)(copied + j), (NAME(Lanes) *)(copied + count + j));
            for (; j < count; j++)
                copied[j] = x[j * by], copied[count + j] = x[j * by + 1];
            copied += 2 * count, k += 2;
            continue;
        }
        for (; j < count; j++)
            copied[j] = x[j * by];
        copied += count, k++;
    }
}
#endif

/* Add terms of a row that it shares with no other one. */
TARGET static APART void NAME(add_own)(double *totals, const double *v, const Move *moves, ptrdiff_t length,
    ptrdiff_t begin, const ptrdiff_t *at, int vectors)
{
    NAME(Lanes) *total = (NAME(Lanes) *)totals;
    if (vectors == 2)
        NAME(add_terms)(total, v, moves, length, begin, at, 2);
    else
        NAME(add_terms)(total, v, moves, length, begin, at, 1);
}

/* Add up some columns of four rows, from the column at `begin` on. */
TARGET INLINE void NAME(run_tile)(double *v, const Head *head, const Move *four, ptrdiff_t begin, const ptrdiff_t *at,
    const double *x, ptrdiff_t row, const int vectors, const ptrdiff_t dx)
{
    const Move *columns = (const Move *)(head + 1);
    const uint32_t *outs = (const uint32_t *)four, *slots = outs + 4;
    const ptrdiff_t length = head->length, by = head->by, own = head->before + head->after;
    const Move *moves = four + 1 + length;
    double totals[4 * 2 * LANES];
    NAME(Lanes) total[4][2];
    for (int r = 0; r < 4; r++)
        for (int j = 0; j < vectors; j++)
            total[r][j] = -(NAME(Lanes)){0};
    if (head->before)
        for (int r = 0; r < 4; r++) {
            for (int j = 0; j < vectors; j++)
                *(NAME(Lanes) *)(totals + (2 * r + j) * LANES) = total[r][j];
            NAME(add_own)(totals + 2 * r * LANES, v, moves + r * own, head->before, begin, at, vectors);
        }
    if (head->before)
        for (int r = 0; r < 4; r++)
            for (int j = 0; j < vectors; j++)
                total[r][j] = *(NAME(Lanes) *)(totals + (2 * r + j) * LANES);
    for (ptrdiff_t k = 0; k < length; k++) {
        NAME(Lanes) factor[2];
        if (dx != 0)
            x = v + columns[k].first + begin * dx;
        for (int j = 0; j < vectors; j++)
            factor[j] = dx < 0 ? NAME(read)(x - at[j], -1) : NAME(read)(x + at[j], 1);
        for (int r = 0; r < 4; r++)
            for (int j = 0; j < vectors; j++)
                total[r][j] += factor[j] * v[slots[4 * k + r]];
        if (dx == 0)
            x += row;
    }
    if (head->after)
        for (int r = 0; r < 4; r++) {
            for (int j = 0; j < vectors; j++)
                *(NAME(Lanes) *)(totals + (2 * r + j) * LANES) = total[r][j];
            NAME(add_own)(totals + 2 * r * LANES, v, moves + r * own + head->before, head->after, begin, at, vectors);
            for (int j = 0; j < vectors; j++)
                total[r][j] = *(NAME(Lanes) *)(totals + (2 * r + j) * LANES);
        }
    for (int r = 0; r < 4; r++)
        for (int j = 0; j < vectors; j++)
            NAME(write)(v + outs[r] + (begin + at[j]) * by, by, total[r][j]);
}

/* Add up `left` columns of all rows. */
TARGET INLINE void NAME(run_columns)(double *v, const Head *head, ptrdiff_t begin, ptrdiff_t left, const double *copied,
    ptrdiff_t count, const int vectors)
{
    const ptrdiff_t size = 1 + head->length + 4 * (head->before + head->after);
    const Move *four = (const Move *)(head + 1) + head->length, *end = four + (head->rows + 3) / 4 * size;
    ptrdiff_t at[2];
    NAME(place)(at, left, vectors);
    for (; four < end; four += size) {
        if (head->dx == 0)
            NAME(run_tile)(v, head, four, begin, at, copied + begin, count, vectors, 0);
        else if (head->dx == 1)
            NAME(run_tile)(v, head, four, begin, at, copied, count, vectors, 1);
        else
            NAME(run_tile)(v, head, four, begin, at, copied, count, vectors, -1);
    }
}

TARGET static void NAME(run_table)(double *v, const Head *head, ptrdiff_t count, double *copied)
{
    if (head->dx == 0)
        COPY_COLUMNS(copied, v, (const Move *)(head + 1), head->length, count);
    for (ptrdiff_t begin = 0; begin < count; begin += 2 * LANES) {
        ptrdiff_t left = count - begin < 2 * LANES ? count - begin : 2 * LANES;
        if (left < LANES)
            begin = count - LANES, left = LANES;
        if (left > LANES)
            NAME(run_columns)(v, head, begin, left, copied, count, 2);
        else
            NAME(run_columns)(v, head, begin, left, copied, count, 1);
    }
}

#undef COPY_COLUMNS
