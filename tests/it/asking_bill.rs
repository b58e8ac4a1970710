//! What a run costs: the provider's books and ours are the same, and the cache is used as far as it can be.

use std::fmt::Write as _;

use serde_json::Value;

use crate::asking_support::{HAIKU, OLD_HAIKU, Site, cost, outcomes, used};
use crate::fake::faults::{Fault, Faults};
use crate::fake::ledger::{Ledger, Usage};
use crate::fake::plan::{ModelPrice, Plan, Price};

const FOUR: &str = "codebase,outcome,success-signal,decisions";

/// The prices of a plan as a file of prices.
fn prices(plan: &Plan) -> String {
    let dollars =
        |picodollars: u64| format!("{}.{:06}", picodollars / 1_000_000, picodollars % 1_000_000);
    let rates = |text: &mut String, price: &Price| {
        for (name, rate) in [
            ("input", price.input),
            ("output", price.output),
            ("cache_read", price.cache_read),
            ("cache_write_5m", price.cache_write_5m),
            ("cache_write_1h", price.cache_write_1h),
        ] {
            writeln!(text, "{name} = {}", dollars(rate)).unwrap();
        }
    };
    let mut text = String::new();
    for (model, price) in plan.prices.iter().filter(|(model, _)| !model.is_empty()) {
        writeln!(
            text,
            "[[price]]\nmodel = \"{model}\"\nsource = \"2026-11-22\""
        )
        .unwrap();
        rates(&mut text, &price.price);
        if let Some((above, long)) = &price.long {
            writeln!(text, "[[price.above]]\ntokens = {above}").unwrap();
            rates(&mut text, long);
        }
    }
    text
}

/// The result says of tokens and money what the provider's books say.
fn same_books(result: &Value, ledger: &Ledger) {
    let Usage {
        input,
        write_5m,
        write_1h,
        read,
        output,
    } = ledger.usage();
    let fields = [
        "input_tokens",
        "cache_write_tokens",
        "cache_read_tokens",
        "output_tokens",
    ];
    assert_eq!(
        fields.map(|field| used(result, field)),
        [input, write_5m + write_1h, read, output]
    );
    assert_eq!(cost(result), ledger.bill());
}

#[test]
fn the_bill_is_the_providers_with_repairs_refusals_and_failed_attempts() {
    let mut plan = Plan::new();
    plan.faults = Faults::none()
        .seeded_answers(0.4, 5)
        .seeded(0.2, 6)
        // Answers that were sent in vain are on the provider's bill alone; none of those here.
        .menu(&[Fault::status(500), Fault::status(529), Fault::Reset]);
    let mut with_price = plan.clone();
    with_price.prices.insert(
        "some-model".to_owned(),
        ModelPrice {
            price: Price::cents(17, 3, 71),
            long: None,
        },
    );
    with_price.models.push("some-model".to_owned());
    for model in [HAIKU, "anthropic:claude-sonnet-5-5", "openai:some-model"] {
        let site = Site::new(10, with_price.clone());
        site.workspace.write("prices.toml", &prices(&with_price));
        let result = site.json(0, FOUR, model, &["--prices", "prices.toml"]);
        let ledger = site.fake.ledger();
        same_books(&result, &ledger);
        assert!(0 < used(&result, "repairs") && 0 < outcomes(&result, "refused"));
        println!("{model}: {} picodollars", ledger.bill());
    }
}

#[test]
fn long_prompts_have_their_own_price() {
    let mut plan = Plan::new();
    let price = plan.prices.get_mut("claude-haiku-4-5").unwrap();
    let long = Price::cents(700, 70, 3_500);
    price.long = Some((2_600, long));
    let short = *price;
    let site = Site::new(4, plan.clone());
    site.workspace.write("prices.toml", &prices(&plan));
    let result = site.json(0, "all", OLD_HAIKU, &["--prices", "prices.toml"]);
    let ledger = site.fake.ledger();
    same_books(&result, &ledger);
    let above = |one: &Usage| 2_600 < one.prompt();
    let usages: Vec<Usage> = ledger
        .exchanges
        .iter()
        .filter_map(|one| one.usage)
        .collect();
    let count = usages.iter().filter(|one| above(one)).count();
    assert!(
        0 < count && count < usages.len(),
        "{count} of {}",
        usages.len()
    );
    assert!(usages.iter().all(|one| one.cost(&short, false) > 0));
}

/// Sessions whose views have 20,000 tokens or more, each with words of its own.
fn long_sessions(sessions: usize, plan: Plan) -> Site {
    Site::with(sessions, plan, |session| {
        // Each paragraph is a prompt; the view keeps 8,000 characters of one, and 24,000 tokens in all.
        (0..11)
            .map(|prompt| {
                format!("Session {session}: read and check step {prompt}, please. ").repeat(185)
            })
            .collect::<Vec<_>>()
            .join("\n\n")
    })
}

#[test]
fn the_cache_serves_most_of_what_ten_classifiers_read() {
    for (repeat, sessions) in [("1", 4), ("2", 2)] {
        let site = long_sessions(sessions, Plan::new().latency_ms(30));
        let result = site.json(0, "all", HAIKU, &["--repeat", repeat]);
        let ledger = site.fake.ledger();
        // System text, schema and the shortest classifier have less than 2,500 tokens.
        let shortest = ledger
            .exchanges
            .iter()
            .filter_map(|one| one.usage)
            .map(|one| one.prompt())
            .min();
        assert!(22_500 < shortest.unwrap(), "{shortest:?}");
        let share = ledger.cached_share();
        println!(
            "{sessions} sessions, ten classifiers, --repeat {repeat}: cached share {share:.4}"
        );
        assert!(0.85 <= share, "{share}");
        same_books(&result, &ledger);
    }
}

#[test]
fn a_dry_run_sends_nothing_and_says_what_a_run_then_uses() {
    for (site, model) in [
        (Site::new(8, Plan::new()), HAIKU),
        (Site::new(8, Plan::new()), "openai:gpt-6-sol"),
        (long_sessions(2, Plan::new().latency_ms(10)), HAIKU),
    ] {
        site.workspace.write("prices.toml", &prices(&Plan::new()));
        let priced = ["--prices", "prices.toml"];
        let dry: Value = site.json(0, "all", model, &[&priced[..], &["--dry-run"]].concat());
        assert_eq!(site.fake.ledger().arrived(), 0);
        let said = &dry["dry_run"][0];
        let result = site.json(0, "all", model, &priced);
        for one in result["classifiers"].as_array().unwrap() {
            assert_eq!(one["usage"]["repairs"], 0, "{}", one["name"]);
        }
        let usage = site.fake.ledger().usage();
        #[allow(clippy::cast_precision_loss, reason = "tokens of a test")]
        let off = said["input_tokens"].as_f64().unwrap() / usage.prompt() as f64 - 1.0;
        println!("{model}: input tokens off by {:.3}%", off * 100.0);
        assert!(off.abs() < 0.02, "{off}");
        assert_eq!(said["to_ask"], used(&result, "requests"));
        #[allow(clippy::cast_precision_loss, reason = "some cents in picodollars")]
        let bill = site.fake.ledger().bill() as f64 / 1e12;
        let range = &said["cost_usd"];
        assert!(
            range["low"].as_f64().unwrap() <= bill && bill <= range["high"].as_f64().unwrap(),
            "{bill} in {range}"
        );
    }
}

#[test]
fn recorded_answers_give_the_labels_that_were_bought() {
    let site = Site::new(8, Plan::new());
    let live = site.json(0, FOUR, HAIKU, &["--record"]);
    let arrived = site.fake.ledger().arrived();
    let replayed = site.json(0, FOUR, "recorded:claude-haiku-5-5", &[]);
    assert_eq!(site.fake.ledger().arrived(), arrived);
    for (live, replayed) in live["classifiers"]
        .as_array()
        .unwrap()
        .iter()
        .zip(replayed["classifiers"].as_array().unwrap())
    {
        for field in ["outcomes", "confusion", "per_class"] {
            assert_eq!(live[field], replayed[field]);
        }
    }
}

#[test]
fn repeats_say_how_reliable_answers_are() {
    let site = Site::new(6, Plan::new());
    let result = site.json(0, "codebase", HAIKU, &["--repeat", "3"]);
    assert_eq!(site.fake.ledger().answered(), 18);
    // What this provider answers depends on the request alone.
    let reliability = &result["classifiers"][0]["reliability"];
    assert_eq!(reliability["repeats"], 3, "{reliability}");
    assert_eq!(reliability["n"], 6);
    assert_eq!(
        reliability["total_agreement"]["value"], 1.0,
        "{reliability}"
    );
}
