//! Roots and minima of functions of one variable, by Brent's methods; no allocation.
//! Source: Brent, "Algorithms for Minimization without Derivatives", 1973, chapters 4 and 5.

const MAXIMUM_STEPS: usize = 200;

/// Where `function` changes sign between `a` and `b`, to within about `tolerance`·|root|.
///
/// `at_a` and `at_b` are its values there. If their signs agree, the end with the smaller magnitude is returned.
pub(super) fn root(
    mut a: f64,
    mut at_a: f64,
    mut b: f64,
    mut at_b: f64,
    tolerance: f64,
    mut function: impl FnMut(f64) -> f64,
) -> f64 {
    if at_a == 0.0 {
        return a;
    }
    if (at_a > 0.0) == (at_b > 0.0) {
        return if at_a.abs() < at_b.abs() { a } else { b };
    }
    let (mut c, mut at_c) = (a, at_a);
    let mut step = b - a;
    let mut step_before = step;
    for _ in 0..MAXIMUM_STEPS {
        if (at_b > 0.0) == (at_c > 0.0) {
            (c, at_c) = (a, at_a);
            step = b - a;
            step_before = step;
        }
        if at_c.abs() < at_b.abs() {
            (a, b, c) = (b, c, b);
            (at_a, at_b, at_c) = (at_b, at_c, at_b);
        }
        let small = 2.0 * f64::EPSILON * b.abs() + 0.5 * tolerance * b.abs() + f64::MIN_POSITIVE;
        let half = 0.5 * (c - b);
        if half.abs() <= small || at_b == 0.0 {
            return b;
        }
        if step_before.abs() >= small && at_a.abs() > at_b.abs() {
            let s = at_b / at_a;
            let (mut p, mut q) = if a == c {
                (2.0 * half * s, 1.0 - s)
            } else {
                let (q, r) = (at_a / at_c, at_b / at_c);
                (s * (2.0 * half * q * (q - r) - (b - a) * (r - 1.0)), (q - 1.0) * (r - 1.0) * (s - 1.0))
            };
            if p > 0.0 {
                q = -q;
            }
            p = p.abs();
            if 2.0 * p < (3.0 * half * q - (small * q).abs()).min((step_before * q).abs()) {
                (step_before, step) = (step, p / q);
            } else {
                (step_before, step) = (half, half);
            }
        } else {
            (step_before, step) = (half, half);
        }
        (a, at_a) = (b, at_b);
        b += if step.abs() > small { step } else { small.copysign(half) };
        at_b = function(b);
    }
    b
}

/// A local minimum of `function` between `a` and `b`: where, to within `tolerance`, and how deep.
pub(super) fn minimum(mut a: f64, mut b: f64, tolerance: f64, mut function: impl FnMut(f64) -> f64) -> (f64, f64) {
    const GOLDEN: f64 = 0.381_966_011_250_105_1; // (3 - sqrt 5) / 2
    let mut x = a + GOLDEN * (b - a);
    let mut at_x = function(x);
    let (mut w, mut v, mut at_w, mut at_v) = (x, x, at_x, at_x);
    let (mut step, mut step_before) = (0.0_f64, 0.0_f64);
    for _ in 0..MAXIMUM_STEPS {
        let middle = 0.5 * (a + b);
        let small = f64::EPSILON.sqrt() * x.abs() * 0.1 + tolerance;
        if (x - middle).abs() <= 2.0 * small - 0.5 * (b - a) {
            break;
        }
        let r = (x - w) * (at_x - at_v);
        let mut q = (x - v) * (at_x - at_w);
        let mut p = (x - v) * q - (x - w) * r;
        q = 2.0 * (q - r);
        if q > 0.0 {
            p = -p;
        }
        q = q.abs();
        let parabola_fits =
            step_before.abs() > small && p.abs() < (0.5 * q * step_before).abs() && p > q * (a - x) && p < q * (b - x); // false when the function was infinite at one of the points
        if parabola_fits {
            (step_before, step) = (step, p / q);
            let near_an_end = x + step - a < 2.0 * small || b - x - step < 2.0 * small;
            if near_an_end {
                step = small.copysign(middle - x);
            }
        } else {
            step_before = if x < middle { b - x } else { a - x };
            step = GOLDEN * step_before;
        }
        let u = x + if step.abs() >= small { step } else { small.copysign(step) };
        let at_u = function(u);
        if at_u <= at_x {
            if u < x {
                b = x
            } else {
                a = x
            }
            (v, at_v, w, at_w, x, at_x) = (w, at_w, x, at_x, u, at_u);
        } else {
            if u < x {
                a = u
            } else {
                b = u
            }
            if at_u <= at_w || w == x {
                (v, at_v, w, at_w) = (w, at_w, u, at_u);
            } else if at_u <= at_v || v == x || v == w {
                (v, at_v) = (u, at_u);
            }
        }
    }
    (x, at_x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_to_the_last_digits_at_any_magnitude() {
        for scale in [1e-250, 1e-9, 1.0, 1e9, 1e250] {
            let f = |x: f64| (x / scale).powi(3) - 2.0;
            let found = root(0.0, f(0.0), 3.0 * scale, f(3.0 * scale), 1e-15, f);
            assert!((found / scale - 2.0_f64.cbrt()).abs() < 1e-14, "{scale}: {found}");
        }
    }

    #[test]
    fn a_root_at_an_end_and_a_bracket_without_one_come_back_at_once() {
        assert_eq!(root(1.0, 0.0, 2.0, 5.0, 1e-12, |_| unreachable!()), 1.0);
        assert_eq!(root(1.0, 3.0, 2.0, 2.0, 1e-12, |_| unreachable!()), 2.0);
    }

    #[test]
    fn minima_are_found_inside_at_an_end_and_next_to_infinities() {
        let (x, depth) = minimum(-3.0, 10.0, 1e-10, |x| (x - 1.25) * (x - 1.25) + 2.0);
        assert!((x - 1.25).abs() < 1e-7 && (depth - 2.0).abs() < 1e-14);
        let (x, _) = minimum(2.0, 3.0, 1e-10, |x| x);
        assert!((x - 2.0).abs() < 1e-7);
        let (x, _) = minimum(-1.0, 1.0, 1e-10, |x| if x < 0.1 { f64::INFINITY } else { (x - 0.2).powi(2) });
        assert!((x - 0.2).abs() < 1e-7);
    }
}
