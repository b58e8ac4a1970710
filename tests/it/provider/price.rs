//! Prices: bills worked out by hand, days, names, and files of one's own.

use harness::domain::answer::AnswerUsage;
use harness::domain::money::Money;
use harness::provider::price::{Price, Prices, Saving};

const TODAY: &str = "2026-11-22";

fn price(model: &str) -> Price {
    Prices::embedded().price(model, TODAY).unwrap().clone()
}

fn usage(input: u64, output: u64, read: u64, write: u64, write_1h: u64) -> AnswerUsage {
    AnswerUsage {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: read,
        cache_write_tokens: write,
        cache_write_1h_tokens: write_1h,
    }
}

fn cost(model: &str, usage: AnswerUsage, batched: bool) -> u128 {
    price(model).cost(&usage, batched).picodollars()
}

/// Reads prices from a file, and says what was wrong with them without the path of the test's folder.
fn read(text: &str) -> Result<Prices, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    std::fs::write(&path, text).unwrap();
    Prices::read(&path).map_err(|error| {
        error
            .to_string()
            .replace(&format!("{}/", folder.path().display()), "")
    })
}

const OWN: &str = "[[price]]\nmodel = \"own\"\nsource = \"2026-11-22\"\n";

#[test]
fn a_token_at_ten_cents_a_million_is_100000_picodollars() {
    for written in ["0.10", "0.1", "\"0.10\"", "\".1\"", "\"0.100000\""] {
        let prices = read(&format!("{OWN}input = {written}\noutput = 1")).unwrap();
        let price = prices.price("own", TODAY).unwrap();
        assert_eq!(
            price.cost(&usage(1, 0, 0, 0, 0), false),
            Money::from_picodollars(100_000),
            "{written}"
        );
    }
}

#[test]
fn every_price_of_the_table_is_the_one_of_its_source() {
    // Dollars for a million tokens of input, output, and input read from the cache; 30,000 tokens at a time, which stays
    // below every tier.
    let told = [
        ("claude-haiku-5-5", "0.10", "0.50", "0.01"),
        ("claude-sonnet-5-5", "2", "10", "0.10"),
        ("claude-opus-5-5", "4", "20", "0.20"),
        ("claude-fable-5-1", "10", "50", "0.25"),
        ("claude-opus-5", "5", "25", "0.50"),
        ("claude-opus-4-8", "5", "25", "0.50"),
        ("claude-opus-4-7", "5", "25", "0.50"),
        ("claude-opus-4-6", "5", "25", "0.50"),
        ("claude-opus-4-5", "5", "25", "0.50"),
        ("claude-sonnet-5", "2", "10", "0.20"),
        ("claude-haiku-4-5", "1", "5", "0.10"),
        ("gpt-6-luna", "0.10", "0.50", "0.01"),
        // What its cache costs is not known: no discount is assumed.
        ("gpt-6-sol", "2", "10", "2"),
    ];
    for (model, input, output, read) in told {
        for (dollars, used) in [
            (input, usage(30_000, 0, 0, 0, 0)),
            (output, usage(0, 30_000, 0, 0, 0)),
            (read, usage(0, 0, 30_000, 0, 0)),
        ] {
            let dollars: f64 = dollars.parse().unwrap();
            let expected = Money::from_dollars(dollars * 0.03).unwrap();
            assert_eq!(
                price(model).cost(&used, false),
                expected,
                "{model} {used:?}"
            );
        }
    }
}

#[test]
fn a_bill_by_hand() {
    let used = usage(1_000, 200, 5_000, 3_000, 1_000);
    // 1,000 at 0.10, 200 at 0.50, 5,000 at 0.01, 2,000 at 0.125 and 1,000 at 0.20 dollars a million:
    // 100 + 100 + 50 + 250 + 200 millionths of a dollar.
    assert_eq!(cost("claude-haiku-5-5", used, false), 700_000_000);
    // A batch halves all of it.
    assert_eq!(cost("claude-haiku-5-5", used, true), 350_000_000);
    // The vendor's own write price, which is 1.25 times the input's.
    assert_eq!(
        cost("gpt-6-luna", usage(0, 0, 0, 1_000, 0), false),
        125_000_000
    );
    assert_eq!(cost("claude-haiku-5-5", usage(0, 0, 0, 0, 0), false), 0);
}

#[test]
fn a_long_prompt_is_dearer_as_a_whole() {
    // Exactly 100,000 tokens are not above; cached tokens count to the length.
    assert_eq!(
        cost("claude-haiku-5-5", usage(0, 0, 100_000, 0, 0), false),
        1_000_000_000
    );
    assert_eq!(
        cost("claude-haiku-5-5", usage(1, 0, 100_000, 0, 0), false),
        500_000 + 100_000 * 50_000
    );
    assert_eq!(
        cost("claude-haiku-5-5", usage(1, 10, 60_000, 40_000, 0), true),
        (500_000 + 10 * 2_500_000 + 60_000 * 50_000 + 40_000 * 625_000) / 2
    );
    assert_eq!(
        cost("gpt-6-luna", usage(272_000, 1_000, 0, 0, 0), false),
        27_700_000_000
    );
    assert_eq!(
        cost("gpt-6-luna", usage(272_001, 1_000, 0, 0, 0), false),
        55_150_200_000
    );
    assert_eq!(
        cost("gpt-6-sol", usage(300_000, 1_000, 0, 0, 0), false),
        1_215_000_000_000
    );
}

#[test]
fn what_the_cache_saved_can_be_less_than_nothing() {
    let saved = |used: AnswerUsage, batched| {
        price("claude-haiku-5-5")
            .saved_by_cache(&used, batched)
            .picodollars()
    };
    // 5,000 reads save 90,000 each; 2,000 writes cost 25,000 and 1,000 cost 100,000 beyond plain input.
    assert_eq!(saved(usage(7, 7, 5_000, 3_000, 1_000), false), 300_000_000);
    assert_eq!(saved(usage(7, 7, 5_000, 3_000, 1_000), true), 150_000_000);
    assert_eq!(saved(usage(7, 7, 0, 1_000, 0), false), -25_000_000);
    assert_eq!(saved(usage(7, 7, 0, 0, 0), false), 0);
    let price = price("claude-haiku-5-5");
    let sum: Saving = [usage(0, 0, 0, 1_000, 0), usage(0, 0, 1_000, 0, 0)]
        .iter()
        .map(|used| price.saved_by_cache(used, false))
        .sum();
    assert_eq!(sum.picodollars(), 65_000_000);
    assert!((sum.dollars() - 0.000_065).abs() < 1e-15);
}

#[test]
fn counts_that_make_no_sense_do_not_overflow() {
    let most = usage(u64::MAX, u64::MAX, u64::MAX, u64::MAX, u64::MAX);
    let fable = price("claude-fable-5-1");
    assert!(fable.cost(&most, true) < fable.cost(&most, false));
    assert!(0 > fable.saved_by_cache(&most, false).picodollars());
    // More tokens for an hour than were written at all: no more than all of them.
    assert_eq!(
        cost("claude-haiku-5-5", usage(0, 0, 0, 10, 50), false),
        2_000_000
    );
}

#[test]
fn a_price_holds_from_its_day_on() {
    let prices = Prices::embedded();
    let from = |model: &str, day: &str| {
        prices
            .price(model, day)
            .map(|price| (price.from().map(str::to_owned), price.source().to_owned()))
    };
    let october = "2026-10-07".to_owned();
    assert_eq!(from("claude-haiku-5-5", "2026-10-06"), None);
    assert_eq!(
        from("claude-haiku-5-5", "2026-10-07"),
        Some((Some(october.clone()), october.clone()))
    );
    assert_eq!(
        from("claude-sonnet-5-5", "2027-01-01T00:00:00Z"),
        Some((Some(october.clone()), october))
    );
    assert_eq!(
        from("claude-opus-5", "2026-01-01"),
        Some((None, TODAY.to_owned()))
    );
    assert_eq!(from("claude-opus-5", "today"), None);

    let cut = read(&format!(
        "{OWN}from = \"2026-06-01\"\ninput = 3\noutput = 1\n{OWN}input = 5\noutput = 1\n\
         {OWN}from = \"2026-09-01\"\ninput = 2\noutput = 1"
    ))
    .unwrap();
    for (day, dollars) in [
        ("2026-05-31", 5),
        ("2026-06-01", 3),
        ("2026-08-31", 3),
        ("2026-09-01", 2),
    ] {
        let price = cut.price("own", day).unwrap();
        assert_eq!(
            price.cost(&usage(1, 0, 0, 0, 0), false).picodollars(),
            dollars * 1_000_000,
            "{day}"
        );
    }
}

#[test]
fn dated_names_have_the_price_of_their_name_and_others_have_none() {
    let prices = Prices::embedded();
    for known in ["claude-haiku-4-5-20251001", "gpt-6-sol-2026-08-01"] {
        assert!(prices.price(known, TODAY).is_some(), "{known}");
    }
    for unknown in [
        "claude-haiku-4-5-2025100",
        "claude-haiku-4-5-latest",
        "claude-haiku-4",
        "claude-haiku",
        "gpt-6-luna-mini",
        "gpt-6-luna-2026-13-01",
        "qwen3-coder",
        "-20251001",
        "-2026-10-07",
        "ü-2026-10-0",
        "",
    ] {
        assert!(prices.price(unknown, TODAY).is_none(), "{unknown}");
    }
}

#[test]
fn a_file_of_ones_own_is_laid_over_the_table() {
    let prices = read(&format!(
        "{OWN}input = 0\noutput = 0\nbatch = 0.25\n\
         [[price.above]]\ntokens = 10\ninput = 8\noutput = 0\n\
         [[price]]\nmodel = \"claude-sonnet-5-5\"\nsource = \"2026-11-22\"\ninput = \"1.5\"\noutput = 7"
    ))
    .unwrap();
    let own = prices.price("own", TODAY).unwrap();
    // A price of nothing is a price where somebody wrote it down.
    assert_eq!(own.cost(&usage(10, 0, 0, 0, 0), false), Money::ZERO);
    assert_eq!(
        own.cost(&usage(11, 0, 0, 0, 0), true).picodollars(),
        11 * 2_000_000
    );
    // Of a model that the file names, its prices alone hold: also on days for which the table has another.
    let sonnet = prices.price("claude-sonnet-5-5", "2026-10-07").unwrap();
    assert_eq!(
        sonnet.cost(&usage(1, 1, 0, 0, 0), false).picodollars(),
        8_500_000
    );
    assert_eq!(
        prices.price("claude-haiku-5-5", TODAY),
        Prices::embedded().price("claude-haiku-5-5", TODAY)
    );
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line() {
    let wrong = [
        format!("{OWN}input = 1\noutput = 1\ncached = 1"),
        format!("{OWN}input = -1\noutput = 1"),
        format!("{OWN}input = 1\noutput = \"0.0000001\""),
        format!("{OWN}input = 1\noutput = \"1,5\""),
        format!("{OWN}input = 1\noutput = nan"),
        format!("{OWN}input = 1\noutput = 1_000_000"),
        format!("{OWN}input = 1"),
        format!("{OWN}from = \"7 October\"\ninput = 1\noutput = 1"),
        format!("{OWN}input = 1\noutput = 1\n\n{OWN}input = 2\noutput = 2"),
        "[[price]]\nmodel = \" \"\nsource = \"2026-11-22\"\ninput = 1\noutput = 1".to_owned(),
        format!(
            "{OWN}input = 1\noutput = 1\n[[price.above]]\ntokens = 9\ninput = 1\noutput = 1\n\
             [[price.above]]\ntokens = 9\ninput = 1\noutput = 1"
        ),
        "[[price]\n".to_owned(),
        String::new(),
    ];
    let said: Vec<String> = wrong
        .iter()
        .map(|text| {
            let error = read(text).unwrap_err();
            error.split("\n\n").next().unwrap().to_owned()
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
    insta::assert_snapshot!("the_whole_message", read(&wrong[0]).unwrap_err());
    let missing = Prices::read(std::path::Path::new("no/such/prices.toml")).unwrap_err();
    insta::assert_snapshot!("a_file_that_is_not_there", missing.to_string());
}
