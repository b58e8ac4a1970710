//! The bill of a plan's answers, computed from what providers said they charged for.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::bill::Bill;
use crate::domain::exchange::Purpose;
use crate::domain::request::Hash;
use crate::provider::price::Prices;
use crate::store::{Charge, Store, StoreError};

use super::asked::Asker;
use super::plan::Plan;

/// What the answers of one asker cost, by classifier. Exchanges are priced by the day on which they came.
///
/// # Errors
/// Where the store cannot be read.
pub fn bill(
    plan: &Plan,
    store: &Store,
    asker: Asker<'_>,
    prices: &Prices,
    model: &str,
) -> Result<BTreeMap<String, Bill>, StoreError> {
    let mut bills = BTreeMap::new();
    for (classifier, prompt) in plan.classifiers.iter().enumerate() {
        let mut bill = Bill::default();
        // Sessions that look the same share a request, which was asked and charged once.
        let requests: BTreeSet<&Hash> = plan
            .sessions
            .iter()
            .map(|session| &session.requests[classifier])
            .collect();
        store.charges_for(asker.spec, asker.repeat, requests, |_, charge| {
            bill.add(&one(&charge, prices, model));
        })?;
        bills.insert(prompt.definition.name.clone(), bill);
    }
    Ok(bills)
}

fn one(charge: &Charge, prices: &Prices, model: &str) -> Bill {
    let price = prices.price(model, &charge.when);
    Bill {
        requests: 1,
        repairs: u64::from(charge.purpose == Purpose::Repair),
        batched: u64::from(charge.batched),
        usage: charge.usage,
        cost: price
            .map(|price| price.cost(&charge.usage, charge.batched))
            .unwrap_or_default(),
        saved_picodollars: price.map_or(0, |price| {
            price
                .saved_by_cache(&charge.usage, charge.batched)
                .picodollars()
        }),
        unpriced: u64::from(price.is_none()),
    }
}
