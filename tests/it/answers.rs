//! What a model answered is read, or is a failure with a reason.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use harness::classifier::load;
use harness::classifier::schema::AnswerSchema;
use harness::domain::answer::Stop;
use harness::domain::rating::Outcome;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::answers_support::{Classifier, classifier, good, with};
use crate::workspace::package;

/// The good answer with one part replaced, as text.
fn edited(old: &str, new: &str) -> String {
    let text = good("modify");
    assert!(text.contains(old), "{text} holds no {old}");
    text.replacen(old, new, 1)
}

fn decisions(list: &Value) -> String {
    json!({"evidence": [{"turn": 1, "shows": "x"}], "label": "", "confidence": 0.5, "decisions": list})
        .to_string()
}

#[test]
fn a_good_answer_is_read_whole() {
    insta::assert_debug_snapshot!(classifier("codebase").finished(&good("modify")));
}

#[test]
fn prose_may_stand_around_one_object_and_is_counted() {
    let good = good("modify");
    let list = [
        ("white space", format!("\n  {good}\n")),
        ("byte order mark", format!("\u{feff}{good}")),
        ("fence", format!("```json\n{good}\n```")),
        (
            "fence in prose",
            format!("Here it is:\n\n```json\n{good}\n```\n\nIt changes code."),
        ),
        (
            "prose with braces",
            format!("The user wrote `fn main() {{ }}` and {{x}}.\n{good}"),
        ),
        (
            "another object",
            format!("Usage was {{\"tokens\": 12}}.\n{good}"),
        ),
        ("two objects", format!("{good}\n{}", self::good("explore"))),
        ("the same object twice", format!("{good}\n{good}")),
        (
            "a second without all fields",
            format!("{good} or {{\"label\": \"explore\"}}"),
        ),
        (
            "a second that is not JSON",
            format!("{good} or {{\"label\": explore}}"),
        ),
        ("inside another object", format!("{{\"answer\": {good}}}")),
        (
            "inside a broken object",
            format!("{{\"why\": NaN, \"answer\": {good}}}"),
        ),
        ("in a list", format!("[{good}]")),
        ("in a string", json!(good).to_string()),
        (
            "prose alone",
            "It primarily modifies code: modify.".to_owned(),
        ),
        ("a label alone", "modify".to_owned()),
        ("nothing", String::new()),
        ("white space alone", " \n\t".to_owned()),
        ("null", "null".to_owned()),
    ];
    assert_snapshot!(classifier("codebase").table(&list));
}

#[test]
fn an_answer_that_broke_off_is_truncated() {
    let codebase = classifier("codebase");
    let good = good("modify");
    let fenced = format!("```json\n{good}\n```");
    let mut said = String::new();
    for (name, stop, text) in [
        ("in the middle", Stop::Finished, good[..40].to_owned()),
        (
            "before the last brace",
            Stop::Finished,
            good[..good.len() - 1].to_owned(),
        ),
        ("after the first brace", Stop::Finished, "{".to_owned()),
        ("in the fence", Stop::Finished, fenced[..60].to_owned()),
        (
            "after a whole one",
            Stop::Finished,
            format!("{good}\nOr rather: {{\"evidence\": ["),
        ),
        ("length, complete", Stop::Length, good.clone()),
        ("length, complete in a fence", Stop::Length, fenced),
        (
            "length, complete, then prose",
            Stop::Length,
            format!("{good}\nOn second thought, the"),
        ),
        ("length, in the middle", Stop::Length, good[..40].to_owned()),
        (
            "length, prose",
            Stop::Length,
            "The session shows that".to_owned(),
        ),
        ("length, nothing", Stop::Length, String::new()),
        (
            "length, complete, unknown label",
            Stop::Length,
            good.replace("modify", "mod"),
        ),
    ] {
        writeln!(said, "{name}\n    {}", codebase.said(stop, &text)).unwrap();
    }
    assert_snapshot!(said);
    for end in 1..good.len() {
        let outcome = codebase.finished(&good[..end]).outcome;
        assert_eq!(outcome, Outcome::Truncated, "{}", &good[..end]);
    }
}

#[test]
fn a_refusal_and_an_error_are_what_they_are_even_with_an_answer_in_the_text() {
    let codebase = classifier("codebase");
    let mut said = String::new();
    for (stop, text) in [
        (Stop::Refusal, ""),
        (Stop::Refusal, "I can't help with that."),
        (Stop::Refusal, good("modify").as_str()),
        (Stop::Error, "529 overloaded_error"),
        (Stop::Error, ""),
    ] {
        writeln!(said, "{}", codebase.said(stop, text)).unwrap();
    }
    assert_snapshot!(said);
}

#[test]
fn what_does_not_fit_is_unparsable_with_place_and_cause() {
    let shows = "\"the agent edits src/main.rs\"";
    let list = [
        ("unknown label", good("modifies")),
        ("label in other capitals", good("Modify")),
        ("label with a space", good(" modify")),
        ("label that is no ASCII look-alike", good("modıfy")),
        ("empty label", good("")),
        ("label with controls", good("mod\u{1b}[31mify\u{0}\u{202e}")),
        ("long label", good(&"modify ".repeat(1000))),
        ("label is a number", edited("\"modify\"", "1")),
        ("label is null", edited("\"modify\"", "null")),
        ("label is a list", edited("\"modify\"", "[\"modify\"]")),
        ("label is missing", edited("\"label\":\"modify\",", "")),
        (
            "evidence is missing",
            edited(
                "\"evidence\":[{\"turn\":2,\"shows\":\"the agent edits src/main.rs\"}],",
                "",
            ),
        ),
        (
            "evidence is empty",
            edited("{\"turn\":2,\"shows\":\"the agent edits src/main.rs\"}", ""),
        ),
        ("evidence is blank", edited(shows, "\"  \"")),
        (
            "evidence is a text",
            edited(
                "[{\"turn\":2,\"shows\":\"the agent edits src/main.rs\"}]",
                shows,
            ),
        ),
        ("turn is a text", edited("\"turn\":2", "\"turn\":\"2\"")),
        ("turn is negative", edited("\"turn\":2", "\"turn\":-1")),
        ("turn is not whole", edited("\"turn\":2", "\"turn\":2.5")),
        (
            "turn is whole with a point",
            edited("\"turn\":2", "\"turn\":2.0"),
        ),
        (
            "turn is huge",
            edited("\"turn\":2", "\"turn\":99999999999999999999999"),
        ),
        (
            "additional field",
            edited("\"label\"", "\"reasoning\":\"because\",\"label\""),
        ),
        (
            "additional field, long",
            edited("\"label\"", &format!("\"{}\":1,\"label\"", "x".repeat(999))),
        ),
        (
            "field twice",
            edited("\"label\"", "\"label\":\"explore\",\"label\""),
        ),
        (
            "field twice further down",
            edited("\"turn\":2", "\"turn\":2,\"turn\":3"),
        ),
        ("confidence NaN", edited("0.8", "NaN")),
        ("confidence too large", edited("0.8", "1.2")),
        ("confidence below zero", edited("0.8", "-0.1")),
        ("confidence beyond all numbers", edited("0.8", "1e999")),
        ("confidence is a text", edited("0.8", "\"0.8\"")),
        ("confidence in percent", edited("0.8", "80")),
        (
            "decisions where none belong",
            edited(
                "\"decisions\":[]",
                "\"decisions\":[{\"kind\":\"planning\",\"by\":\"user\",\"summary\":\"x\"}]",
            ),
        ),
        ("raw NUL", edited("edits", "ed\u{0}its")),
        ("escaped NUL", edited("edits", "ed\\u0000its")),
        ("invalid escape", edited("edits", "ed\\xits")),
        ("half a surrogate", edited("edits", "ed\\ud800its")),
        ("single quotes", good("modify").replace('"', "'")),
        (
            "trailing comma",
            edited("\"decisions\":[]}", "\"decisions\":[],}"),
        ),
        ("comment", edited("\"label\"", "/* sure */ \"label\"")),
    ];
    assert_snapshot!(classifier("codebase").table(&list));
}

#[test]
fn an_amount_is_a_string_of_digits() {
    let task_value = classifier("task-value");
    let mut said = String::new();
    for text in [
        "350", "$350", "0", "1e3", "3.5", "-5", "+5", "1,000", "0350", "inf", "NaN", " 350", "٣٥٠",
        "",
    ] {
        writeln!(
            said,
            "{text:?}: {}",
            task_value.said(Stop::Finished, &good(text))
        )
        .unwrap();
    }
    let huge = "9".repeat(400);
    writeln!(
        said,
        "400 digits: {}",
        task_value.said(Stop::Finished, &good(&huge))
    )
    .unwrap();
    let number = with(&json!(350)).to_string();
    writeln!(said, "number: {}", task_value.said(Stop::Finished, &number)).unwrap();
    assert_snapshot!(said);
}

#[test]
fn shares_come_from_the_list_of_decisions() {
    let one = |kind: &str, by: &str| json!({"kind": kind, "by": by, "summary": "which"});
    let list = [
        ("none", decisions(&json!([]))),
        (
            "two kinds",
            decisions(&json!([
                one("planning", "user"),
                one("planning", "agent"),
                one("execution", "agent")
            ])),
        ),
        ("one kind", decisions(&json!([one("planning", "user")]))),
        (
            "other capitals",
            decisions(&json!([one("Planning", "USER")])),
        ),
        ("unknown kind", decisions(&json!([one("testing", "user")]))),
        (
            "unknown decider",
            decisions(&json!([one("planning", "both")])),
        ),
        ("a text", decisions(&json!(["planning by user"]))),
        ("not a list", decisions(&json!({}))),
        ("a label", good("modify")),
    ];
    assert_snapshot!(classifier("decisions").table(&list));
}

#[test]
fn an_ordinal_label_is_a_string_and_not_a_number() {
    let expertise = classifier("expertise");
    let list = [
        ("string", good("3")),
        ("number", with(&json!(3)).to_string()),
        ("off the scale", good("6")),
        ("title", good("Intermediate")),
    ];
    assert_snapshot!(expertise.table(&list));
}

#[test]
fn capitals_are_folded_only_where_one_label_fits() {
    let folder = tempfile::tempdir().unwrap();
    let toml = fs::read_to_string(package().join("prompts/codebase/classifier.toml")).unwrap();
    let schema = fs::read_to_string(package().join("prompts/codebase/answer.schema.json")).unwrap();
    let file = folder.path().join("classifier.toml");
    fs::write(&file, toml.replace("\"explore\"", "\"MODIFY\"")).unwrap();
    let schema_file = folder.path().join("answer.schema.json");
    fs::write(&schema_file, schema.replace("\"explore\"", "\"MODIFY\"")).unwrap();
    let twins = Classifier {
        definition: load::load(&file, "twins".to_owned()).unwrap(),
        schema: AnswerSchema::load(&schema_file).unwrap(),
    };
    let list = ["modify", "MODIFY", "Modify", "Create", "CREATE"].map(|label| (label, good(label)));
    assert_snapshot!(twins.table(&list), @r"
    modify
        parsed modify
    MODIFY
        parsed MODIFY
    Modify
        unparsable: the label `Modify` is not on the scale; allowed: modify, MODIFY, create, none
    Create
        parsed create, folded
    CREATE
        parsed create, folded
    ");
    let reading = twins.finished(&good("Create"));
    assert_eq!(reading.answer.unwrap().label, "Create", "as it was written");
}

#[test]
fn hostile_sizes_and_depths_cost_little() {
    let codebase = classifier("codebase");
    let million = 5 << 20;
    let good = good("modify");
    let deep = |open: &str| open.repeat(million / open.len());
    let list = [
        (
            "prose",
            "The session edits code. ".repeat(million / 24),
            "unparsable",
        ),
        (
            "prose and an answer",
            format!("{}{good}", "So { it } is. ".repeat(million / 14)),
            "parsed modify, from prose",
        ),
        ("braces", "{".repeat(million), "truncated"),
        ("brackets", "[".repeat(million), "unparsable"),
        ("objects in objects", deep("{\"a\":"), "unparsable"),
        (
            "lists in an object",
            format!("{{\"a\":{}", deep("[")),
            "unparsable",
        ),
        (
            "a string without end",
            format!("{{\"evidence\": \"{}", "{\\\"a\\\":".repeat(million / 7)),
            "truncated",
        ),
        (
            "many answers",
            good.repeat(million / good.len()),
            "unparsable",
        ),
        (
            "a long field",
            edited("edits", &"e".repeat(million)),
            "parsed modify",
        ),
        (
            "a long label",
            edited("modify", &"\\u001b".repeat(million / 6)),
            "unparsable",
        ),
    ];
    for (name, text, wanted) in list {
        let start = Instant::now();
        let said = codebase.said(Stop::Finished, &text);
        assert!(
            said.starts_with(wanted),
            "{name}: {}",
            &said[..said.len().min(300)]
        );
        assert!(
            said.len() < 1_200,
            "{name}: a reason of {} bytes",
            said.len()
        );
        // Not a figure: quadratic work on five million bytes takes hours, a busy machine only minutes.
        assert!(
            start.elapsed() < Duration::from_secs(600),
            "{name}: {:?}",
            start.elapsed()
        );
    }
}
