"""A symmetric positive definite system of equations, solved by Cholesky's factors."""

import math


def factor(matrix):
    """The lower triangle L with L L' = matrix, of which the lower triangle is read."""
    n = len(matrix)
    lower = [[0.0] * n for _ in range(n)]
    for i in range(n):
        for j in range(i + 1):
            rest = matrix[i][j]
            for k in range(j):
                rest -= lower[i][k] * lower[j][k]
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def solve(matrix, right):
    lower = factor(matrix)
    n = len(right)
    x = list(right)
    for i in range(n):
        for k in range(i):
            x[i] -= lower[i][k] * x[k]
        x[i] /= lower[i][i]
    for i in reversed(range(n)):
        for k in range(i + 1, n):
            x[i] -= lower[k][i] * x[k]
        x[i] /= lower[i][i]
    return x


def log_determinant(matrix):
    lower = factor(matrix)
    return 2.0 * math.fsum([math.log(lower[i][i]) for i in range(len(matrix))])
