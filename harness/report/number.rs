//! Numbers as people read them. The only place that rounds: JSON carries full precision.

use crate::stats::estimate::{Estimate, Interval, Statistic};

/// What stands where there is no number.
pub const NONE: &str = "n/a";

/// A coefficient or share: two decimals, three below an absolute 0.005 so that a small value is not shown as zero.
#[must_use]
pub fn coefficient(value: f64) -> String {
    let digits = if value.abs() < 0.005 && value.abs() > 1e-12 {
        4
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    // "-0.00" would claim a sign that the digits do not show.
    if text.trim_start_matches(['-', '0', '.']).is_empty() {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// A coefficient with three decimals, for tables that compare.
#[must_use]
pub fn coefficient_3(value: f64) -> String {
    let text = format!("{value:.3}");
    if text.trim_start_matches(['-', '0', '.']).is_empty() {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    }
}

/// A share as a percentage without decimals, one decimal near the ends where a digit more matters.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let is_whole = (percent - percent.round()).abs() < 1e-9;
    if is_whole || (1.0..99.0).contains(&percent) {
        format!("{percent:.0}%")
    } else {
        format!("{percent:.1}%")
    }
}

/// A share that may be negative or above one, or a change of one: whole percent, one decimal below one percent.
#[must_use]
pub fn signed_percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent.abs() < 0.95 && percent.abs() >= 0.05 {
        format!("{percent:.1}%")
    } else {
        format!("{percent:.0}%")
    };
    if text == "-0%" { "0%".to_owned() } else { text }
}

/// A share as it was published: with a decimal where there is one.
#[must_use]
pub fn published_percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// `[0.52, 0.69]`, cut at -1 and 1, beyond which no coefficient lies. The page says so; JSON has the limits uncut.
#[must_use]
pub fn interval(interval: Interval) -> String {
    format!(
        "[{}, {}]",
        coefficient(interval.low.max(-1.0)),
        coefficient(interval.high.min(1.0))
    )
}

/// `[88%, 99%]`.
#[must_use]
pub fn percent_interval(interval: Interval) -> String {
    format!("[{}, {}]", percent(interval.low), percent(interval.high))
}

/// The point estimate, or `n/a`.
#[must_use]
pub fn value(statistic: &Statistic) -> String {
    statistic.as_ref().map_or_else(
        |_| NONE.to_owned(),
        |estimate| coefficient_3(estimate.value),
    )
}

/// The interval of an estimate: empty where there is none, a note where it says nothing.
#[must_use]
pub fn interval_of(statistic: &Statistic) -> String {
    match statistic {
        Ok(Estimate {
            zero_variance: true,
            ..
        }) => "no spread".to_owned(),
        Ok(Estimate {
            interval: Some(limits),
            ..
        }) => interval(*limits),
        Ok(Estimate { interval: None, .. }) => "no interval".to_owned(),
        Err(reason) => reason.code().replace('_', " "),
    }
}

/// An id cut to `width` characters; what is left out stands in the middle, because ids differ at both ends.
#[must_use]
pub fn shortened(id: &str, width: usize) -> String {
    let characters: Vec<char> = id.chars().collect();
    if characters.len() <= width || width < 5 {
        return id.to_owned();
    }
    let head = (width - 1) / 2;
    let tail = width - 1 - head;
    let kept_head: String = characters[..head].iter().collect();
    let kept_tail: String = characters[characters.len() - tail..].iter().collect();
    format!("{kept_head}…{kept_tail}")
}

/// `1 session`, `2 sessions`: for nouns that only take an s.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

/// A whole number in groups of three digits: `12,345,678`.
#[must_use]
pub fn integer(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// An amount in dollars: cents from one dollar on, below it the digits that still say something.
#[must_use]
pub fn dollars(amount: f64) -> String {
    match amount {
        amount if 1.0 <= amount => format!("{amount:.2}"),
        amount if 0.01 <= amount => format!("{amount:.4}"),
        amount if amount > 0.0 => format!("{amount:.6}"),
        _ => "0.00".to_owned(),
    }
}

/// A measured count, or a rate with one decimal.
#[must_use]
pub fn measured(value: f64) -> String {
    if value.fract().abs() < 1e-9 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}

/// Any figure: three decimals, fewer for large numbers, two digits and a power of ten for tiny ones.
#[must_use]
pub fn figure(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && !(0.000_5..1e9).contains(&size) {
        // Rounding errors about zero would show as a figure.
        return if size < 1e-12 {
            coefficient_3(0.0)
        } else {
            format!("{value:.1e}")
        };
    }
    if size < 100.0 {
        coefficient_3(value)
    } else if size < 10_000.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

/// A p-value: three decimals, or that it is below what they show.
#[must_use]
pub fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}
