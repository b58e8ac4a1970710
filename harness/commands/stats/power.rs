//! `validate stats power`: how many items a study needs.

use serde_json::json;

use crate::cli::stats::{Power, PowerUsers};
use crate::report::stats_json::{self, Fields};
use crate::stats::estimate::Undefined;
use crate::stats::power::{
    Errors, accuracy_gate_items, gate_items, kappa_interval_items, kappa_test_items,
    kappa_test_items_of_categories, users_for_items,
};

use super::Found;
use super::inputs;
use super::refusal::Refusal;

pub(super) fn run(aim: &Power) -> Result<Found, Refusal> {
    match aim {
        Power::Kappa {
            kappa,
            null,
            margins,
            alpha,
            power,
            two_sided,
            users,
        } => {
            let errors = Errors {
                alpha: inputs::share("--alpha", *alpha)?,
                power: inputs::share("--power", *power)?,
                two_sided: *two_sided,
            };
            let shares = shares(margins)?;
            let items = match shares.as_slice() {
                [share] => kappa_test_items((*share, *share), *kappa, *null, errors),
                shares => kappa_test_items_of_categories(shares, *kappa, *null, errors),
            };
            let sides = if *two_sided { "two-sided" } else { "one-sided" };
            let basis = format!(
                "To tell a kappa of {kappa} from {null}: {sides} test, alpha {alpha}, power {power}. With more than two \
                 categories against the worst table that has these shares."
            );
            found("Items to test kappa", basis, items, users)
        }
        Power::Interval {
            kappa,
            margins,
            half_width,
            confidence,
            users,
        } => {
            inputs::share("--confidence", *confidence)?;
            let items =
                kappa_interval_items((*margins, *margins), *kappa, *half_width, *confidence);
            let basis = format!(
                "For an interval of {kappa} ± {half_width} at {}%.",
                confidence * 100.0
            );
            found("Items for an interval of kappa", basis, items, users)
        }
        Power::Gate {
            margin,
            difference,
            discordant,
            unit_variance,
            alpha,
            power,
            users,
        } => {
            inputs::share("--alpha", *alpha)?;
            inputs::share("--power", *power)?;
            let items = match (discordant, unit_variance) {
                (Some(discordant), _) => {
                    accuracy_gate_items(*discordant, *margin, *difference, *alpha, *power)
                }
                (None, Some(variance)) => {
                    gate_items(*variance, *margin, *difference, *alpha, *power)
                }
                (None, None) => Err(Undefined::NotAvailable),
            };
            let basis = format!(
                "To pass a candidate that may be worse by less than {margin} and is better by {difference}: one-sided \
                 alpha {alpha}, power {power}."
            );
            found("Items for the gate", basis, items, users)
        }
    }
}

fn shares(text: &str) -> Result<Vec<f64>, Refusal> {
    // Two categories may have the same share, so this is no list of different names.
    let parsed: Option<Vec<f64>> = text
        .split(',')
        .map(|share| share.trim().parse().ok())
        .collect();
    parsed.ok_or_else(|| {
        Refusal::usage(
            format!("--margins holds something that is no number: `{text}`"),
            "write shares, as in `--margins 0.7,0.2,0.1`, or one share for two categories",
        )
    })
}

fn found(
    title: &str,
    basis: String,
    items: Result<u64, Undefined>,
    users: &PowerUsers,
) -> Result<Found, Refusal> {
    let mut fields = Fields::new();
    fields.insert("items".to_owned(), stats_json::items(items));
    if let (Some(per_user), Some(correlation)) = (users.items_per_user, users.correlation) {
        let needed = items.and_then(|items| users_for_items(items, per_user, correlation));
        fields.insert("users".to_owned(), stats_json::items(needed));
        fields.insert(
            "design_effect".to_owned(),
            json!(1.0 + (per_user - 1.0) * correlation),
        );
    }
    let mut basis = vec![basis];
    if items == Err(Undefined::OutOfRange) {
        basis.push(
            "No data can have these settings: the margins do not allow that kappa, a share does not lie between 0 and 1, \
             or the true difference is at or beyond the margin."
                .to_owned(),
        );
    }
    Ok(Found {
        title: title.to_owned(),
        basis,
        fields,
        format: users.format,
    })
}
