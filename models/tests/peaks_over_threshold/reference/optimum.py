"""Maximum-likelihood fits and profile-likelihood intervals of generalized Pareto samples, by scipy alone.

Prints the rows of `FITS` in ../reference.rs. A sample is `scale * (u^-shape - 1) / shape` with u from a linear congruential
generator, so that it can be made again anywhere. The fit is a search in two dimensions from several starts (Nelder-Mead),
polished by Newton's method on numerical derivatives of the score in one dimension; limits are roots of the profile
likelihood, itself a search over a grid of shapes refined by bounded minimisation. Shapes below -0.5 are not searched.
"""
import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2

LOWEST = -0.5
CUT = chi2(1).ppf(0.95) / 2


def uniforms(seed, m):
    state, out = seed, []
    for _ in range(m):
        state = (1664525 * state + 1013904223) % 2**32
        out.append((state + 0.5) / 2**32)
    return np.array(out)


def sample(shape, scale, m, seed):
    hazard = -np.log(uniforms(seed, m))
    return scale * (hazard if shape == 0 else np.expm1(shape * hazard) / shape)


def cost(shape, scale, e):
    """Negative log-likelihood."""
    t = shape * e / scale
    if scale <= 0 or t.min() <= -1:
        return np.inf
    m = len(e)
    return m * np.log(scale) + (e.sum() / scale if shape == 0 else (1 + 1 / shape) * np.log1p(t).sum())


def fit(e):
    """Shape, scale and cost of a sample with mean 1."""
    best = None
    for shape in (-0.3, 0.0, 0.4, 1.0):
        start = [shape, np.log(max(1 - shape, 0.3, -1.05 * min(shape, 0) * e.max()))]
        found = minimize(lambda p: cost(p[0], np.exp(p[1]), e) if p[0] >= LOWEST else np.inf, start, method="Nelder-Mead",
                         options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000})
        best = found if best is None or found.fun < best.fun else best
    shape, scale = best.x[0], np.exp(best.x[1])
    if shape < LOWEST + 1e-6:
        scale = minimize_scalar(lambda ln: cost(LOWEST, np.exp(ln), e), bounds=(np.log(scale) - 1, np.log(scale) + 1),
                                method="bounded", options={"xatol": 1e-12}).x
        return LOWEST, np.exp(scale), cost(LOWEST, np.exp(scale), e)

    def score(theta):  # of the profile in theta = shape / scale, on both sides of 0
        xi, d = np.log1p(theta * e).mean(), (e / (1 + theta * e)).mean()
        return d * (1 + 1 / xi) - 1 / theta

    theta = shape / scale
    width = 1e-5 * abs(theta)
    if score(theta - width) * score(theta + width) < 0:
        theta = brentq(score, theta - width, theta + width, xtol=1e-300, rtol=1e-14)
        shape = np.log1p(theta * e).mean()
        scale = shape / theta
    return shape, scale, cost(shape, scale, e)


def limits(estimate, profile, best, transform, inverse):
    """Where the profile cost exceeds the best by CUT, on either side; nan where it does not."""
    found = []
    for side in (-1, 1):
        at, step = transform(estimate), side * 0.02
        for _ in range(400):
            ahead = at + step
            if inverse(ahead) is None:
                found.append(np.nan)
                break
            if profile(inverse(ahead)) - best > CUT:
                root = brentq(lambda x: profile(inverse(x)) - best - CUT, at, ahead, xtol=1e-13, rtol=1e-13)
                found.append(inverse(root))
                break
            at, step = ahead, step * 1.1
        else:
            found.append(np.nan)
    return found


def shape_profile(shape, e):
    low = np.log(max(1e-6, -shape * e.max() * (1 + 1e-12)))
    grid = np.linspace(low, low + 25, 200)
    at = min(grid, key=lambda ln: cost(shape, np.exp(ln), e))
    step = grid[1] - grid[0]
    return minimize_scalar(lambda ln: cost(shape, np.exp(ln), e), bounds=(at - step, at + step), method="bounded",
                           options={"xatol": 1e-12}).fun


def excess_profile(value, ratio, highest, e):
    shapes = np.concatenate([np.linspace(LOWEST, min(highest, 1.5), 121), np.geomspace(1.5, 12, 25) if highest > 2 else []])
    shapes = shapes[shapes < highest]
    costs = [cost(s, value / ratio(s), e) for s in shapes]
    k = int(np.argmin(costs))
    low, high = shapes[max(k - 1, 0)], shapes[min(k + 1, len(shapes) - 1)]
    refined = minimize_scalar(lambda s: cost(s, value / ratio(s), e), bounds=(low, high), method="bounded",
                              options={"xatol": 1e-12}).fun
    return min(refined, costs[k])


def quantile_ratio(depth):
    return lambda s: depth if abs(s) < 1e-12 else np.expm1(s * depth) / s


def mean_ratio(depth):
    return lambda s: (1 + quantile_ratio(depth)(s)) / (1 - s)


CASES = [  # shape, scale, size, seed
    (0.0, 1.0, 200, 1), (1e-3, 1e-9, 500, 2), (-0.25, 1e9, 300, 3), (-0.45, 7.0, 1000, 4), (0.3, 1e-9, 10, 5),
    (0.2, 3.0, 10, 12), (0.6, 1e9, 50, 6), (1.3, 2.0, 80, 7), (1.8, 1e-9, 400, 8), (-0.1, 5e5, 25, 9),
    (0.15, 1.0, 100_000, 10), (-0.3, 1e9, 100_000, 11),
]

if __name__ == "__main__":
    for true_shape, true_scale, m, seed in CASES:
        e = sample(true_shape, true_scale, m, seed)
        unit = e.mean()
        e = e / unit
        shape, scale, best = fit(e)
        depth = np.log(100)
        row = limits(shape, lambda s: shape_profile(s, e), best, lambda x: x, lambda x: x if x > LOWEST else None)
        for ratio, highest in ((quantile_ratio(depth), 12), (mean_ratio(depth), 1 - 1e-9)):
            if highest < 1 and shape >= 1:
                row += [np.nan, np.nan]
                continue
            estimate = scale * ratio(shape)
            low, high = limits(estimate, lambda v: excess_profile(v, ratio, highest, e), best, np.log, np.exp)
            if highest < 1 and shape_profile(1.0, e) - best < CUT:
                high = np.nan  # shapes just below 1 reach every mean
            row += [low * unit, high * unit]
        bounds = ", ".join("None" if np.isnan(x) else f"Some({x:.9e})" for x in row)
        print(f"    Reference {{ sample: ({true_shape!r}, {true_scale!r}, {m}, {seed}), shape: {shape:.12g}, scale: {scale * unit:.12e}, "
              f"log_likelihood: {-best - m * np.log(unit):.12g}, bounds: [{bounds}] }},", flush=True)
