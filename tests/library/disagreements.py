"""Where Stan 2.35 has another figure than the exact one, or none: calls by family, with the reason.

Exact figures are sums, integrals and closed forms in 45 to 60 digits (mpmath); derivatives are central differences of
these, at branch cuts differences to the upper side. Stan's are those of CmdStan's log density and its gradient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

INF, NAN = math.inf, math.nan
REJECTED = None


@dataclass(frozen=True)
class Call:
    """`text` is in the parameters x1, x2, ... and the data i."""

    text: str
    x: tuple[float, ...]
    exact: float
    stan: float | None
    ints: tuple[int, ...] = ()
    slopes: tuple[float, ...] = ()
    stan_slopes: tuple[float, ...] = ()


@dataclass(frozen=True)
class Family:
    name: str
    reason: str
    calls: tuple[Call, ...]


INTEGRAND = """functions {
  real f(real x, real xc, array[] real theta, data array[] real r, data array[] int n) {
    return exp(-theta[1] * x^2) * cos(theta[2] * x);
  }
}
"""

FAMILIES = (
    Family(
        "beta_binomial",
        "Stan sums a hypergeometric series to about six digits, and rejects where it does not converge or n is 0 or N.",
        (
            Call(
                "beta_binomial_cdf({i[1], i[2], i[3]} | {i[4], i[5], i[6]}, {x1, x2, x3}, {x4, x5, x6})",
                (1.0, 2.0, 0.5, 1.0, 3.0, 0.5), 0.023976023976023976024, REJECTED, ints=(3, 0, 10, 10, 10, 10),
            ),
            Call(
                "beta_binomial_cdf(i[1] | i[2], x1, x2)", (0.1, 50.0), 0.80714083741802425016, 0.8071413820605927,
                ints=(1, 1000), slopes=(-1.7610478608517545049, 0.0014850180027290657361),
                stan_slopes=(-1.7610409549100914, 0.0014849019455493862),
            ),
            Call(
                "beta_binomial_cdf(i[1] | {i[2], i[3], i[4]}, [x1, x2, x3]', [x4, x5, x6]')",
                (1.0, 2.0, 0.5, 1.0, 3.0, 0.5), 0.06744384765625, REJECTED, ints=(3, 10, 10, 10),
            ),
            Call(
                "beta_binomial_cdf({i[1], i[2]} | {i[3], i[4]}, [x1, x2]', [x3, x4]')", (20.0, 0.1, 30.0, 50.0),
                0.71903785461066701176, 0.7190383454225158, ints=(50, 1, 100, 1000),
            ),
            Call(
                "beta_binomial_cdf({i[1], i[2]} | {i[3], i[4]}, [x1, x2]', [x3, x4]')", (1.0, 2.0, 1.0, 3.0),
                0.023976023976023976024, REJECTED, ints=(3, 0, 10, 10),
            ),
            Call(
                "beta_binomial_cdf(i[1] | i[2], x1, x2)", (1.0, 1.0), 0.090909090909090909091, REJECTED,
                ints=(0, 10),
            ),
            Call(
                "beta_binomial_cdf(i[1] | i[2], x1, x2)", (1.0, 1.0), 0.003996003996003996004, REJECTED,
                ints=(3, 1000),
            ),
            Call(
                "beta_binomial_cdf(i[1] | {i[2], i[3], i[4]}, [x1, x2, x3]', [x4, x5, x6]')",
                (2.0, 0.5, 1.0, 3.0, 0.5, 2.0), 0.011617388044084821429, REJECTED, ints=(0, 10, 10, 0),
            ),
            Call(
                "beta_binomial_lccdf(i[1] | i[2], x1, x2)", (1.0, 1.0), -0.45198512374305723896, REJECTED,
                ints=(3, 10),
            ),
            Call(
                "beta_binomial_lccdf({i[1], i[2]} | i[3], x1, x2)", (1.0, 1.0), -0.547295303547382099, REJECTED,
                ints=(3, 0, 10),
            ),
            Call(
                "beta_binomial_lccdf(i[1] | {i[2], i[3], i[4]}, [x1, x2, x3]', [x4, x5, x6]')",
                (1.0, 2.0, 0.5, 1.0, 3.0, 0.5), -1.5824291649444480922, REJECTED, ints=(3, 10, 10, 10),
            ),
            Call(
                "beta_binomial_lccdf(i[1] | i[2], x1, x2)", (0.1, 50.0), -1.6457950840125313462, -1.645797908059521,
                ints=(1, 1000), slopes=(9.1312636499871367021, -0.0077000127079668896753),
                stan_slopes=(9.131253628828652, -0.007699432679829304),
            ),
            Call(
                "beta_binomial_lccdf({i[1], i[2]} | {i[3], i[4]}, [x1, x2]', [x3, x4]')", (20.0, 0.1, 30.0, 50.0),
                -3.8607868673474114272, -3.8607897551767545, ints=(50, 1, 100, 1000),
            ),
            Call(
                "beta_binomial_lccdf({i[1], i[2]} | i[3], x1, x2)", (20.0, 30.0), -2.2149917834831659105,
                -2.214991847265503, ints=(50, 1, 100),
            ),
            Call(
                "beta_binomial_lcdf(i[1] | {i[2], i[3], i[4]}, [x1, x2, x3]', [x4, x5, x6]')",
                (2.0, 0.5, 1.0, 3.0, 0.5, 2.0), -4.4552523338852467895, REJECTED, ints=(0, 10, 10, 0),
            ),
            Call(
                "beta_binomial_lcdf(i[1] | i[2], x1, x2)", (1.0, 1.0), -5.5224604181953299664, REJECTED,
                ints=(3, 1000),
            ),
            Call(
                "beta_binomial_lcdf({i[1], i[2]} | {i[3], i[4]}, [x1, x2]', [x3, x4]')", (1.0, 20.0, 2.0, 30.0),
                -0.11558416746123159031, -0.11558415964604452, ints=(0, 50, 0, 100),
            ),
            Call(
                "beta_binomial_lcdf(i[1] | i[2], x1, x2)", (1.0, 1.0), -2.3978952727983705441, REJECTED,
                ints=(0, 10),
            ),
            Call(
                "beta_binomial_lcdf({i[1], i[2]} | i[3], x1, x2)", (20.0, 30.0), -22.747463591500682564,
                -22.74757291050045, ints=(50, 1, 100),
            ),
            Call(
                "beta_binomial_lcdf({i[1], i[2]} | i[3], x1, x2)", (0.5, 0.5), -1.7361522965964517491, REJECTED,
                ints=(10, 0, 10),
            ),
            Call(
                "beta_binomial_lcdf(i[1] | i[2], x1, x2)", (0.1, 50.0), -0.21425710621404677918,
                -0.21425643143418252, ints=(1, 1000), slopes=(-2.181834667770247764, 0.0018398499169977740255),
                stan_slopes=(-2.181824639463088, 0.001839704887585498),
            ),
            Call(
                "beta_binomial_lcdf({i[1], i[2]} | i[3], x1, x2)", (1.0, 1.0), -3.4094961844768504693, REJECTED,
                ints=(3, 0, 10),
            ),
            Call(
                "beta_binomial_lcdf({i[1], i[2]} | {i[3], i[4]}, [x1, x2]', [x3, x4]')", (20.0, 0.1, 30.0, 50.0),
                -0.32984127367527836949, -0.329840591080227, ints=(50, 1, 100, 1000),
            ),
            Call(
                "beta_binomial_lcdf(i[1] | {i[2], i[3], i[4]}, [x1, x2, x3]', [x4, x5, x6]')",
                (1.0, 2.0, 0.5, 1.0, 3.0, 0.5), -2.6964599138873811409, REJECTED, ints=(3, 10, 10, 10),
            ),
        ),
    ),
    Family(
        "bernoulli",
        "P(X <= 0) = 1 - theta is 0 for theta = 1; Stan has 1.",
        (
            Call("bernoulli_lcdf(i[1] | x1)", (1.0,), -INF, 0.0, ints=(0,)),
        ),
    ),
    Family(
        "beta far below its mean",
        "The value, 1.3e-340, is 0 as a double. Stan rejects: its series for the gradient does not converge.",
        (
            Call("beta_cdf(x1 | x2, x3)", (0.3, 100000.0, 200000.0), 0.0, REJECTED),
        ),
    ),
    Family(
        "powers of zero",
        "A density x^(a - 1) ... at x = 0 for a = 1: the power is 1, not 0 log(0) = NaN.",
        (
            Call("beta_lpdf(x1 | x2, x3)", (0.0, 1.0, 1.0), 0.0, NAN),
            Call("weibull_lpdf(x1 | x2, x3)", (0.0, 1.0, 1.0), 0.0, NAN),
            Call("weibull_lpdf([x1, x2]' | x3, x4)", (0.0, 0.0, 1.0, 2.0), -1.3862943611198906188, NAN),
            Call("weibull_lpdf([x1, x2]' | [x3, x4]', [x5, x6]')", (0.0, 0.0, 1.0, 2.0, 2.0, 2.0), -INF, NAN),
            Call(
                "dirichlet_lpdf([x1, x2, x3]' | [x4, x5, x6]')", (0.0, 0.3, 0.7, 1.0, 1.0, 1.0),
                0.69314718055994530942, NAN,
            ),
        ),
    ),
    Family(
        "beta_proportion",
        "Stan has log(1 - cdf), which keeps few digits where the cdf is near 1.",
        (
            Call(
                "beta_proportion_lccdf([x1, x2]' | x3, x4)", (0.999999, 0.01, 0.6, 5.0), -25.839266949984586144,
                -25.839269234717964,
            ),
            Call(
                "beta_proportion_lccdf([x1, x2]' | [x3, x4]', [x5, x6]')", (1e-08, 0.999999, 0.4, 0.6, 5.0, 5.0),
                -25.839262979976706273, -25.839265264710082,
            ),
            Call(
                "beta_proportion_lccdf([x1, x2]' | [x3, x4]', {i[1], i[2]})", (0.999999, 0.01, 0.6, 0.1),
                -25.842275711876206068, -25.84227799660958, ints=(5, 30),
            ),
            Call(
                "beta_proportion_lccdf([x1, x2]' | x3, i[1])", (0.999999, 0.01, 0.6), -25.839266949984586144,
                -25.839269234717964, ints=(5,),
            ),
            Call(
                "beta_proportion_lccdf([x1, x2]' | [x3, x4]', {i[1], i[2]})", (1e-08, 0.999999, 0.4, 0.6),
                -25.839262979976706273, -25.839265264710082, ints=(5, 5),
            ),
        ),
    ),
    Family(
        "exp_mod_normal",
        "Stan has the log of a difference that is rounded at 6e-16: below that nothing is right.",
        (
            Call(
                "exp_mod_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (-8.0, 40.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.5), -37.235575960043316605, -35.032052479774265,
            ),
            Call(
                "exp_mod_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (10.0, -8.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0), -37.235650812339149284, -35.0321273320701,
            ),
            Call(
                "exp_mod_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (1.5, -3.0, 0.3, 1.0, 2.2, 0.5, 0.5, 2.0), -38.112105042809221888, -35.908581562540164,
            ),
            Call(
                "exp_mod_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (-3.0, 10.0, 1.0, 0.0, 0.5, 1.0, 2.0, 1.0), -37.235650812339149284, -35.0321273320701,
            ),
            Call(
                "exp_mod_normal_lcdf({x1, x2, x3} | {x4, x5, x6}, {x7, x8, x9}, {x10, x11, x12})",
                (0.5, 1.5, -3.0, 0.0, 0.3, 1.0, 1.0, 2.2, 0.5, 1.0, 0.5, 2.0), -39.072021376504844208,
                -36.868497896235795,
            ),
            Call(
                "exp_mod_normal_lcdf({x1, x2, x3} | {x4, x5, x6}, {x7, x8, x9}, {x10, x11, x12})",
                (1.5, -3.0, 10.0, 0.3, 1.0, 0.0, 2.2, 0.5, 1.0, 0.5, 2.0, 1.0), -38.112179897440647609,
                -35.90865641717159,
            ),
            Call(
                "exp_mod_normal_lcdf([x1, x2]' | x3, x4, x5)", (-3.0, 10.0, 1.0, 0.5, 2.0), -37.235575982817715437,
                -35.03205250254866,
            ),
        ),
    ),
    Family(
        "negative binomial",
        "Stan has the probability 1 / (1 + beta) or mu / (mu + phi) to few digits in its complement.",
        (
            Call(
                "neg_binomial_2_cdf(i[1] | x1, x2)", (4.0, 1000000000000.0), 0.78513038703009260835,
                0.7851268648787805, ints=(5,),
            ),
            Call(
                "neg_binomial_2_lccdf(i[1] | x1, x2)", (4.0, 1000000000000.0), -1.5377238861232032419,
                -1.537707494217451, ints=(5,),
            ),
            Call(
                "neg_binomial_lccdf(i[1] | x1, x2)", (10000000000.0, 10000000000.0), -7.4283201452540526028,
                -7.4283197178439515, ints=(5,),
            ),
            Call(
                "neg_binomial_lcdf(i[1] | x1, x2)", (10000000000.0, 10000000000.0), -0.00059436141595184769822,
                -0.0005943616700634847, ints=(5,),
            ),
            Call(
                "neg_binomial_2_log_glm_lpmf({i[1], i[2]} | [[x1, x2, x3], [x4, x5, x6]], x7, [x8, x9, x10]', x11)",
                (-0.238, -0.708, 0.418, 0.02, 1.661, 0.607, 0.5, 0.538, -0.222, -1.414, 100000000.0),
                -4.1223238935995870835, -4.122324466705322, ints=(3, 1),
            ),
        ),
    ),
    Family(
        "skew_normal",
        "Stan has a difference of a normal cdf and Owen's T: in the tails it keeps few digits or none.",
        (
            Call(
                "skew_normal_lccdf([x1, x2]' | x3, x4, x5)", (-3.0, 8.0, 0.0, 1.0, 2.0), -34.320289979355164248,
                -34.28550731094662,
            ),
            Call(
                "skew_normal_lccdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (-3.0, 8.0, 0.0, 0.0, 1.0, 1.0, 2.0, -1.0), -70.026874319829659453, -37.66148428640737,
            ),
            Call(
                "skew_normal_lcdf([x1, x2]' | x3, x4, x5)", (-3.0, 8.0, 0.0, 1.0, 2.0), -28.211442956043766224,
                -28.211440815594468,
            ),
            Call(
                "skew_normal_lcdf([x1, x2]' | x3, x4, x5)", (5.0, -3.0, 0.0, 1.0, 2.0), -28.211443529347073077,
                -28.211441388897775,
            ),
            Call(
                "skew_normal_lcdf(x1 | x2, x3, x4)", (-3.0, 0.0, 1.0, 2.0), -28.21144295604376498,
                -28.21144081559447,
                slopes=(15.625163404008589026, -15.625163404008589026, 46.875490212025767079, -19.245459403350753292),
                stan_slopes=(15.625129957204685, -15.625129957204685, 46.875389871614054, -19.24541820946484),
            ),
            Call(
                "skew_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (5.0, -3.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0), -28.211443529347073077, -28.211441388897775,
            ),
            Call(
                "skew_normal_lcdf([x1, x2]' | [x3, x4]', [x5, x6]', [x7, x8]')",
                (-3.0, 8.0, 0.0, 0.0, 1.0, 1.0, 2.0, -1.0), -28.21144295604376498, -28.211440815594468,
            ),
        ),
    ),
    Family(
        "uniform",
        "Above the upper bound the cdf is 1; Stan has 0.",
        (
            Call("uniform_cdf([x1, x2]' | [x3, x4]', [x5, x6]')", (1.0, 2.0, 0.0, 0.0, 1.0, 1.0), 1.0, 0.0),
            Call("uniform_cdf([x1, x2]' | x3, x4)", (0.5, 1.5, 0.0, 1.0), 0.5, 0.0),
            Call("uniform_cdf(x1 | x2, x3)", (INF, 0.0, 1.0), 1.0, 0.0),
            Call("uniform_lccdf(x1 | x2, x3)", (2.0, 0.0, 1.0), -INF, 0.0),
            Call("uniform_lccdf([x1, x2]' | [x3, x4]', [x5, x6]')", (1.0, 2.0, 0.0, 0.0, 1.0, 1.0), -INF, 0.0),
            Call("uniform_lccdf([x1, x2]' | x3, x4)", (0.5, 1.5, 0.0, 1.0), -INF, 0.0),
        ),
    ),
    Family(
        "von_mises",
        "Stan approximates by a normal cdf from kappa = 50 on, below it sums to 1e-13; by mu it ignores the end at -pi.",
        (
            Call("von_mises_cdf(x1 | x2, x3)", (0.1, 0.0, 200.0), 0.92113358526193072576, 0.9211337486056823),
            Call("von_mises_cdf(x1 | x2, x3)", (1.0, 0.5, 51.0), 0.99978795200511610581, 0.9997881775255717),
            Call(
                "von_mises_cdf([x1, x2]' | [x3, x4]', [x5, x6]')", (3.0, 1.0, 0.0, -1.0, 10.0, 60.0),
                0.99999999962414637967, 0.9999999996241509,
                slopes=(
                    2.8362754251155096967e-9, 3.8689029504181206247e-37, -2.7009985024589570888e-10,
                    -3.8666518974080030012e-37, 7.310998856909514176e-10, 1.0200060252438189185e-38,
                ),
                stan_slopes=(
                    2.836112678039626e-09, 2.9851053647721634e-37, -2.836112678039626e-09, -2.9835153259852516e-37,
                    7.311084523615307e-10, 7.786085898134468e-39,
                ),
            ),
            Call("von_mises_lccdf(x1 | x2, x3)", (1.0, 0.5, 51.0), -8.4586979179530632985, -8.459762018866899),
            Call("von_mises_lccdf(x1 | x2, x3)", (0.1, 0.0, 200.0), -2.539999810471976005, -2.5400018816187537),
            Call("von_mises_lccdf(x1 | x2, x3)", (3.0, 0.0, 10.0), -21.701821355958412315, -21.701833304133554),
            Call(
                "von_mises_lccdf(x1 | [x2, x3, x4]', [x5, x6, x7]')", (1.5, 0.3, 1.0, 0.0, 2.2, 0.5, 10.0),
                -15.416620240017241051, -15.416620240028944,
                slopes=(
                    -12.923429903007797559, 2.0377634447653205766, 0.42000073324921447691, 9.9396154935513897313,
                    -0.77970012137764035213, 0.068172356127642652061, -0.97946862404567392763,
                ),
                stan_slopes=(
                    -12.923429919272845, 2.0377634447649697, 0.4200007332492094, 9.93983795690292,
                    -0.7797001213777617, 0.0681723561276466, -0.9794686240916253,
                ),
            ),
            Call(
                "von_mises_lccdf([x1, x2]' | x3, x4)", (3.0, 1.0, 0.0, 10.0), -28.265418506031943776,
                -28.26543045420334,
            ),
            Call(
                "von_mises_lccdf([x1, x2]' | [x3, x4]', [x5, x6]')", (-2.0, 3.0, 1.0, 0.0, 0.5, 10.0),
                -21.819897162165490924, -21.81990911034063,
            ),
            Call(
                "von_mises_lcdf(x1 | x2, x3)", (3.0, 0.0, 10.0), -3.7585362040556051507e-10, -3.7584912966750374e-10,
                slopes=(2.8362754261815340839e-9, -2.7009985034741371548e-10, 7.3109988596573795657e-10),
                stan_slopes=(2.836113566218046e-09, -2.836113566218046e-09, 7.311084525784364e-10),
            ),
            Call("von_mises_lcdf(x1 | x2, x3)", (1.0, 0.5, 51.0), -0.0002120704802386671049, -0.00021184491197721308),
            Call("von_mises_lcdf(x1 | x2, x3)", (0.1, 0.0, 200.0), -0.082150209529201500746, -0.08215003220015855),
            Call(
                "von_mises_lcdf([x1, x2]' | [x3, x4]', [x5, x6]')", (1.0, 0.1, -1.0, 0.0, 60.0, 200.0),
                -0.082150209529201500746, -0.08215003220015855,
            ),
        ),
    ),
    Family(
        "wiener",
        "Stan integrates over start and delay to about seven digits.",
        (
            Call(
                "wiener_lpdf(x1 | x2, x3, x4, x5, x6, x7, x8)", (0.5, 2.0, 0.1, 0.3, -0.5, 0.25, 0.2, 0.1),
                -2.4316048454511470413, -2.4316046460321012,
            ),
        ),
    ),
    Family(
        "narrow categories",
        "Stan has the log of a difference of two normal cdfs that agree in nine digits.",
        (
            Call(
                "ordered_probit_lpmf(i[1] | x1, [x2, x3, x4]')", (0.0, 0.0, 1e-10, 5.0), -23.94478946314512954553,
                -23.944788798187815, ints=(2,), slopes=(0.0, -9999999999.9999996, 9999999999.9999996, 0.0),
                stan_slopes=(0.0, -9999993360.429054, 9999993360.429054, 0.0),
            ),
        ),
    ),
    Family(
        "incomplete gamma and beta",
        "Stan has the value, but its series for the gradient does not converge, and it rejects.",
        (
            Call("gamma_q(x1, x2)", (3.0, 0.0), 1.0, REJECTED),
            Call("inv_inc_beta(x1, x2, x3)", (300.0, 200.0, 0.6), 0.60567765456532388354, REJECTED),
        ),
    ),
    Family(
        "large integers",
        "Integers have 64 bits here and 32 in Stan.",
        (
            Call("choose(i[1], i[2])", (), 126410606437752.0, REJECTED, ints=(50, 25)),
            Call("choose(i[1], i[2])", (), 2333606220.0, REJECTED, ints=(34, 17)),
        ),
    ),
    Family(
        "no value",
        "W0 is real from -1 / e on; a singular system has no solution. Stan has a number.",
        (
            Call("lambert_w0(x1)", (-INF,), NAN, INF),
            Call(
                "sum([[1, 3, 5], [2, 4, 6]] .* mdivide_left([[x1, x2], [x3, x4]], [[x5, x6, x7], [x8, x9, x10]]))",
                (1.0, 2.0, 2.0, 4.0, -2.614, -0.13, 0.386, -0.308, -0.065, 3.083), NAN, -9701779920528250.0,
            ),
        ),
    ),
    Family(
        "gp_matern32_cov",
        "With several length scales that are parameters Stan reads one that is not there.",
        (
            Call(
                "sum(gp_matern32_cov({[x1, x2]', [x3, x4]', [x5, x6]'}, x7, {x8, x9}))",
                (0.322, -1.052, -0.61, 0.206, -0.983, 1.55, 0.8, 1.3, 0.4), 1.9772111222049899639, REJECTED,
            ),
        ),
    ),
    Family(
        "integrate_1d",
        "With an infinite limit Stan has the derivatives one place off: that by the limit is 0.",
        (
            Call(
                "integrate_1d(f, x1, x2, {x3, x4}, {0.0}, {0})", (0.0, INF, 1.0, 0.5), 0.83253315038734528681,
                0.8325331503873439, slopes=(-1.0, 0.0, -0.36423325329446354, -0.2081332875968363),
                stan_slopes=(-1.0, -0.36423325329446354, -0.2081332875968363, 0.0),
            ),
        ),
    ),
    Family(
        "branch cuts",
        "On the upper side of a cut the derivative by the imaginary part is that of this side; Stan has its negative.",
        (
            Call(
                "get_real(acos(to_complex(x1, x2))) + 2 * get_imag(acos(to_complex(x1, x2)))", (3.0, 0.0),
                -3.525494348078172, -3.525494348078172, slopes=(-0.70710678118654752, 0.35355339059327376),
                stan_slopes=(-0.7071067811865475, -0.35355339059327384),
            ),
            Call(
                "get_real(asin(to_complex(x1, x2))) + 2 * get_imag(asin(to_complex(x1, x2)))", (3.0, 0.0),
                5.096290674873069, 5.096290674873069, slopes=(0.70710678118654752, -0.35355339059327376),
                stan_slopes=(0.7071067811865475, 0.35355339059327384),
            ),
            Call(
                "get_real(acosh(to_complex(x1, x2))) + 2 * get_imag(acosh(to_complex(x1, x2)))", (-2.0, 0.0),
                7.600143204104403, 7.600143204104403, slopes=(-0.57735026918962576, -1.1547005383792515),
                stan_slopes=(-0.5773502691896262, 1.1547005383792506),
            ),
        ),
    ),
)

# Declared parameters p at unconstrained points: the log density of sum(n p[n] - p[n]^2 / 2) over the elements, by
# columns, with the log Jacobian. Stan has log(1 - tanh(y)^2), which keeps eight digits for y = 12.
CORRELATIONS = (
    Call(
        "cholesky_factor_corr[3] p", (-12.0, 0.0, 12.0), -41.72723924026734821242, -41.72723859625749,
        slopes=(2.00006144227453171, 3.0, -2.00011059476530971),
        stan_slopes=(2.0000607982825858, 3.0, -2.00010995076545),
    ),
    Call(
        "corr_matrix[3] p", (-12.0, 0.0, 12.0), -50.03409205899014032892, -50.034091253984755,
        slopes=(3.00017203862538493, -3.99997542209355365, -1.99999999984896864),
        stan_slopes=(3.0001710726246067, -3.999975422089598, -1.9999993558669147),
    ),
    Call(
        "corr_matrix[4] p", (-12.0, -7.2, -2.4000000000000004, 2.3999999999999986, 7.199999999999999, 12.0),
        -69.8130517088132562353, -69.81305074276483,
        slopes=(
            4.00004456594682004, 4.00655688630244518, 3.09612112336112761, -2.95080852195062552, -2.9999984481649485,
            -1.99999999984899435,
        ),
        stan_slopes=(
            4.000043277975537, 4.006556886224781, 3.0961211233682375, -2.950808521950618, -2.9999984481067217,
            -1.9999993558669402,
        ),
    ),
)
