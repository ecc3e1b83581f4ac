//! With what probability a policy would take each arm.

/// The arms with the highest score share 1 equally, of these with `taken` only those taken least; an arm that may not be
/// chosen has 0. Without any that may, all have 0.
pub(super) fn share_among_best(scores: &[f64], eligible: &[bool], taken: Option<&[u64]>, shares: &mut [f64]) {
    let candidates = || (0..scores.len()).filter(|arm| eligible[*arm]);
    let Some(best) = candidates().map(|arm| scores[arm]).reduce(f64::max) else { return shares.fill(0.0) };
    let times = |arm: usize| taken.map_or(0, |taken| taken[arm]);
    let least = candidates().filter(|arm| scores[*arm] == best).map(times).min();
    let is_meant = |arm: &usize| scores[*arm] == best && Some(times(*arm)) == least;
    let share = 1.0 / candidates().filter(is_meant).count() as f64;
    shares.fill(0.0);
    candidates().filter(is_meant).for_each(|arm| shares[arm] = share);
}

/// Every arm's score is drawn, again and again: an eligible arm's share is how often its draw was the largest of theirs.
pub(super) fn share_of_wins(repetitions: u32, eligible: &[bool], shares: &mut [f64], mut draw: impl FnMut(&mut [f64])) {
    let mut drawn = [0.0; super::limits::MOST_ARMS];
    let drawn = &mut drawn[..eligible.len()];
    shares.fill(0.0);
    for _ in 0..repetitions {
        draw(drawn);
        let mut winner: Option<(usize, f64)> = None;
        for arm in (0..eligible.len()).filter(|arm| eligible[*arm]) {
            if winner.is_none_or(|(_, highest)| drawn[arm] > highest) {
                winner = Some((arm, drawn[arm]));
            }
        }
        if let Some((arm, _)) = winner {
            shares[arm] += 1.0 / f64::from(repetitions);
        }
    }
}

/// The arm in whose part of \[0, 1) `uniform` falls; the last with a share where rounding leaves a gap at the end.
pub(super) fn pick(shares: &[f64], uniform: f64) -> Option<usize> {
    let mut passed = 0.0;
    let mut last = None;
    for (arm, share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        passed += share;
        last = Some(arm);
        if uniform < passed {
            break;
        }
    }
    last
}
