"""Critical values of the Anderson-Darling statistic of a generalized Pareto fit, both parameters estimated.

Prints a row for each shape: the values that A^2 exceeds with the probabilities of PROBABILITIES in large samples. They are
the table in models/src/tail/peaks_over_threshold/anderson_darling.rs. Needs numpy and scipy; takes some minutes.

Without estimation the limit of A^2 is sum_j chi^2_1 / (j (j + 1)) (Anderson and Darling 1952), with associated Legendre
functions as eigenfunctions. Estimation subtracts a^T V a, where V is the inverse Fisher information of one exceedance and
a holds the coefficients of dF/d(shape, scale) (Durbin 1973; Choulakian and Stephens 2001). The eigenvalues of what is left
weigh independent chi^2_1 variables, whose sum is inverted by the formula of Imhof (1961).
"""
import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.optimize import brentq

TERMS = 300  # eigenvalues kept; the rest adds its mean, 1 / (TERMS + 1)
PROBABILITIES = [.999, .99, .95, .9, .8, .7, .6, .5, .4, .3, .2, .15, .1, .05, .025, .01, .005, .001, 1e-4]
SHAPES = [-.5, -.4, -.3, -.2, -.1, 0., .1, .2, .3, .4, .5, .6, .7, .8, .9, 1., 1.5, 2., 3., 5.]


def quadrature():
    """Survival S in (0, 1), F - S, and weights of an integral over S: dense at both ends."""
    y, weights = leggauss(4000)
    below, above = 1 / (1 + np.exp(-38 * y)), 1 / (1 + np.exp(38 * y))
    return above, below - above, 38 * weights * above * below


def slopes(shape, survival):
    """Derivatives by F of dF/d(shape) and dF/d(scale), at scale 1."""
    hazard = -np.log(survival)
    if shape == 0:
        return hazard**2 / 2 - hazard, hazard - 1
    power = survival**shape
    by_shape = hazard / shape - (1 - power) / shape**2 - 1 / shape + power / shape
    return by_shape, (1 - (1 + shape) * power) / shape


def eigenvalues(shape, survival, centered, weights):
    by_shape, by_scale = slopes(shape, survival)
    before, here, coefficients = np.ones_like(centered), centered, []
    for j in range(1, TERMS + 1):
        factor = -np.sqrt((2 * j + 1) / (j * (j + 1)))
        coefficients.append([factor * (weights * by_shape * here).sum(), factor * (weights * by_scale * here).sum()])
        before, here = here, ((2 * j + 1) * centered * here - j * before) / (j + 1)
    a, j = np.array(coefficients), np.arange(1, TERMS + 1)
    covariance = (1 + shape) * np.array([[1 + shape, -1], [-1, 2]])
    found = np.linalg.eigvalsh(np.diag(1 / (j * (j + 1))) - a @ covariance @ a.T)
    return found[found > 1e-9]


def imhof_nodes():
    y, weights = leggauss(12)
    edges = np.concatenate([np.linspace(0, 400, 161), np.linspace(400, 6000, 300)[1:]])
    halves, middles = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    return (middles[:, None] + halves[:, None] * y).ravel(), (halves[:, None] * weights).ravel()


def exceeded_with(weights_of_chi_squares):
    """P(A^2 > x) as a function of x."""
    u, weights = imhof_nodes()
    angle, ln_modulus = np.zeros_like(u), np.zeros_like(u)
    for weight in weights_of_chi_squares:
        angle += np.arctan(weight * u) / 2
        ln_modulus += np.log1p((weight * u) ** 2) / 4
    weights = weights / (u * np.exp(ln_modulus))
    rest = 1 / (TERMS + 1)
    return lambda x: .5 + (weights * np.sin(angle - (x - rest) * u / 2)).sum() / np.pi


if __name__ == "__main__":
    nodes = quadrature()
    for shape in SHAPES:
        survival = exceeded_with(eigenvalues(shape, *nodes))
        row = [brentq(lambda x: survival(x) - p, .03, 30, xtol=1e-7) for p in PROBABILITIES]
        print(f"{shape:4.1f}", ", ".join(f"{value:.4f}" for value in row), flush=True)
