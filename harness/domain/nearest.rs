//! The nearest known names to one that is not known, for messages that help.

/// Up to three of `known` that are close to `name`, the closest first; empty where none is close.
#[must_use]
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| {
            let distance = strsim::jaro_winkler(&lower, &candidate.to_lowercase());
            let contains = !lower.is_empty() && candidate.to_lowercase().contains(&lower);
            (
                if contains {
                    distance.max(0.9)
                } else {
                    distance
                },
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.7)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored
        .into_iter()
        .take(3)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// "; the nearest: `a` or `b`", to follow the name that is not known; empty where none is near.
#[must_use]
pub fn did_you_mean(near: &[String]) -> String {
    let near: Vec<&str> = near.iter().map(String::as_str).collect();
    if near.is_empty() {
        String::new()
    } else {
        format!("; the nearest: {}", listed(&near))
    }
}

/// "`a`, `b` or `c`": a choice.
#[must_use]
pub fn listed(names: &[&str]) -> String {
    joined(names, "or")
}

/// "`a`, `b` and `c`": all of them.
#[must_use]
pub fn listed_all(names: &[&str]) -> String {
    joined(names, "and")
}

fn joined(names: &[&str], last_word: &str) -> String {
    match names {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [rest @ .., last] => {
            let rest: Vec<String> = rest.iter().map(|name| format!("`{name}`")).collect();
            format!("{} {last_word} `{last}`", rest.join(", "))
        }
    }
}
