"""Counter-based random numbers: a state uint64[4] in, a number out; the same stream whatever thread draws it.

The generator is Philox4x32-10: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3".
A state holds (seed, stream, number of words drawn, spare word). Kernels reach the same functions by address.
"""

from __future__ import annotations

import math

import numpy as np

from ppl_cli.inference.jit import DOUBLE, WORDS, EntryPoint, Words, entry_point, function

SEED, STREAM, COUNT, SPARE = 0, 1, 2, 3
# What a stream is for, so that the sampler, its start points, drawn quantities and drawn data share no numbers.
TRANSITIONS, INITIAL_POINTS, QUANTITIES, TRANSFORMED_DATA, UPDATES, WARMUP_QUANTITIES = 1, 2, 3, 4, 5, 6

MASK = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
ROUNDS = 10


def stream(chain: int, purpose: int, draw: int = 0) -> int:
    """The number of a stream: 8 bits of purpose, 16 of chain, 40 of draw."""
    return (purpose << 56) | (chain << 40) | draw


def new_state(seed: int, chain: int, purpose: int, draw: int = 0) -> np.ndarray:
    """The start of a stream of its own for (seed, chain, purpose, draw)."""
    return np.array([seed % 2**64, stream(chain, purpose, draw), 0, 0], dtype=np.uint64)


@function
def philox(key: np.uint64, high: np.uint64, low: np.uint64) -> tuple[np.uint64, np.uint64]:
    """The block of 128 random bits at counter (high, low) under `key`: ten rounds (section 3.3)."""
    x0, x1, x2, x3 = low & MASK, low >> HALF, high & MASK, high >> HALF
    k0, k1 = key & MASK, key >> HALF
    for _ in range(ROUNDS):
        y0, y1 = MULTIPLIER_0 * x0, MULTIPLIER_1 * x2
        x0, x1, x2, x3 = (y1 >> HALF) ^ x1 ^ k0, y1 & MASK, (y0 >> HALF) ^ x3 ^ k1, y0 & MASK
        k0, k1 = (k0 + WEYL_0) & MASK, (k1 + WEYL_1) & MASK
    return x0 | (x1 << HALF), x2 | (x3 << HALF)


@function
def next_word(state: Words) -> np.uint64:
    """The next 64 bits of the stream; each block of 128 gives two of them."""
    n = state[COUNT]
    state[COUNT] = n + np.uint64(1)
    if n & np.uint64(1):
        return state[SPARE]
    word, state[SPARE] = philox(state[SEED], state[STREAM], n >> np.uint64(1))
    return word


@function
def uniform(state: Words) -> float:
    """Uniform on the open interval (0, 1): the midpoints of 2^52 equal parts."""
    return (float(next_word(state) >> np.uint64(12)) + 0.5) * 2.0**-52


@function
def std_normal(state: Words) -> float:
    """Standard normal: Box and Muller (1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(state)))
    return radius * math.cos(2.0 * math.pi * uniform(state))


@function
def std_gamma(state: Words, shape: float) -> float:
    """Gamma with rate 1: Marsaglia and Tsang (2000), with their boost (section 6) for shapes below one."""
    if not 0.0 < shape < math.inf:
        return 0.0 if shape == 0.0 else math.nan
    boost = 1.0
    if shape < 1.0:
        boost = uniform(state) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = std_normal(state)
        v = (1.0 + c * x) ** 3
        if v > 0.0 and math.log(uniform(state)) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v


@function
def poisson(state: Words, rate: float) -> float:
    """Poisson: products of uniforms for small rates, else PTRS (Hörmann 1993, transformed rejection)."""
    if not 0.0 <= rate < math.inf:
        return math.nan
    if rate < 10.0:
        limit, product, k = math.exp(-rate), uniform(state), 0.0
        while product > limit:
            product *= uniform(state)
            k += 1.0
        return k
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    v_r = 0.9277 - 3.6224 / (b - 2.0)
    while True:
        u, v = uniform(state) - 0.5, uniform(state)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0.0 or (us < 0.013 and v > us):
            continue
        bound = k * math.log(rate) - rate - math.lgamma(k + 1.0)
        if math.log(v * inverse_alpha / (a / (us * us) + b)) <= bound:
            return k


@function
def binomial(state: Words, n: float, p: float) -> float:
    """Binomial: inversion for few expected successes, else BTRS (Hörmann 1993), on the rarer outcome."""
    if not (0.0 <= p <= 1.0 and 0.0 <= n < math.inf):
        return math.nan
    if p > 0.5:
        return n - rare_binomial(state, n, 1.0 - p)
    return rare_binomial(state, n, p)


@function
def rare_binomial(state: Words, n: float, p: float) -> float:
    """Binomial with p <= 1/2."""
    if n * p >= 10.0:
        return btrs(state, n, p)
    if p == 0.0:
        return 0.0
    odds = p / (1.0 - p)
    while True:
        k, mass, left = 0.0, math.exp(n * math.log1p(-p)), uniform(state)
        while k <= n:
            if left <= mass:
                return k
            left -= mass
            mass *= odds * (n - k) / (k + 1.0)
            k += 1.0


@function
def btrs(state: Words, n: float, p: float) -> float:
    """Transformed rejection for n p >= 10: BTRS of Hörmann (1993), "The generation of binomial random variates"."""
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    c = n * p + 0.5
    v_r = 0.92 - 4.2 / b
    alpha = (2.83 + 5.1 / b) * spread
    log_odds = math.log(p / (1.0 - p))
    mode = math.floor((n + 1.0) * p)
    log_mode = math.lgamma(mode + 1.0) + math.lgamma(n - mode + 1.0)
    while True:
        u, v = uniform(state) - 0.5, uniform(state)
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + c)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0.0 or k > n:
            continue
        bound = log_mode - math.lgamma(k + 1.0) - math.lgamma(n - k + 1.0) + (k - mode) * log_odds
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return k


# As kernels call them: `double f(uint64_t *state, double a, double b)`, whatever the number of parameters.
primitive = entry_point(DOUBLE, WORDS, DOUBLE, DOUBLE)


@primitive
def draw_uniform(state: Words, a: float, b: float) -> float:
    return uniform(state)


@primitive
def draw_std_normal(state: Words, a: float, b: float) -> float:
    return std_normal(state)


@primitive
def draw_std_gamma(state: Words, a: float, b: float) -> float:
    return std_gamma(state, a)


@primitive
def draw_poisson(state: Words, a: float, b: float) -> float:
    return poisson(state, a)


@primitive
def draw_binomial(state: Words, a: float, b: float) -> float:
    return binomial(state, a, b)


PRIMITIVES: dict[str, EntryPoint] = {
    "uniform": draw_uniform,
    "std_normal": draw_std_normal,
    "std_gamma": draw_std_gamma,
    "poisson": draw_poisson,
    "binomial": draw_binomial,
}


def primitive_address(name: str) -> int:
    """The address of a primitive draw, for the function table of a kernel."""
    return PRIMITIVES[name].address
