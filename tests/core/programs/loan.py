"""A loan that is paid back in equal instalments."""

import math


def effective_rate(rate, periods):
    """What a yearly rate, paid in so many parts, amounts to."""
    return math.expm1(periods * math.log1p(rate / periods))


def instalment(amount, rate, months):
    return amount * rate / (1.0 - math.pow(1.0 + rate, -months))


def balance(amount, rate, months, paid):
    """What is owed after `paid` of the instalments."""
    owed = amount
    monthly = instalment(amount, rate, months)
    for _ in range(paid):
        owed = owed + owed * rate - monthly
    return owed
