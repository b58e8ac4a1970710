//! `validate stats` as a user runs it: what it prints, what it refuses and how, and files that are odd or large.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with one file.
struct Table {
    folder: TempDir,
}

impl Table {
    fn new(bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ratings.csv"), bytes).unwrap();
        Self { folder }
    }

    /// Exit code, stdout and stderr of `validate stats KIND ratings.csv …`.
    fn run(&self, arguments: &str) -> (i32, String, String) {
        let (kind, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
        let output = Command::new(env!("CARGO_BIN_EXE_validate"))
            .current_dir(self.folder.path())
            .args(["stats", kind, "ratings.csv"])
            .args(rest.split_whitespace())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    fn json(&self, arguments: &str) -> Value {
        let (code, stdout, stderr) = self.run(&format!("{arguments} --format json"));
        assert_eq!(code, 0, "{stderr}");
        assert!(!stdout.contains("NaN"));
        serde_json::from_str(&stdout).unwrap()
    }

    fn page(&self, arguments: &str) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 0, "{stderr}");
        for line in stdout.lines() {
            assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
        }
        stdout
    }

    fn refused(&self, arguments: &str) -> String {
        let (code, stdout, stderr) = self.run(arguments);
        assert_eq!(code, 2, "{stderr}");
        assert!(
            stdout.is_empty(),
            "nothing is printed as a result: {stdout}"
        );
        stderr
    }
}

const FOUR: &str = "item,user,gold,model\n1,u1,yes,yes\n2,u1,no,yes\n3,u2,no,no\n4,u3,yes,\n";

#[test]
fn a_page_of_two_raters() {
    assert_snapshot!(
        Table::new(FOUR).page("agree --a gold --b model --cluster user --categories no,yes")
    );
}

#[test]
fn a_page_of_a_panel() {
    let table = Table::new("r1,r2,r3\n1,1,2\n2,2,2\n3,3,\n1,1,1\n2,3,2\n");
    assert_snapshot!(table.page("agree --raters r1,r2,r3 --scale ordinal"));
}

#[test]
fn a_page_of_numbers() {
    let table = Table::new("gold,model\n1,2\n2,2\n3,4\n4,4\n5,7\n");
    assert_snapshot!(table.page("agree --a gold --b model --scale ratio"));
}

#[test]
fn a_page_of_a_comparison_with_its_verdict() {
    let table = Table::new("gold,old,new\na,a,a\nb,a,b\na,a,a\nb,b,b\na,b,a\nb,b,a\n");
    assert_snapshot!(table.page("compare --gold gold --old old --new new --margin 0.1"));
}

#[test]
fn pages_of_the_other_kinds() {
    let mut text = String::new();
    let prevalence = Table::new("gold,pred\n1,1\n0,0\n0,1\n1,1\n0,0\n,1\n,0\n,0\n");
    text += &prevalence.page("prevalence --gold gold --pred pred");
    let trend = Table::new("group,value\n1,2\n1,3\n2,3\n2,5\n3,6\n");
    text += &trend.page("trend --group group --value value");
    let calibration = Table::new("label,prob\n1,0.9\n0,0.2\n1,0.6\n0,0.7\n");
    text += &calibration.page("calibration --label label --prob prob");
    let regress =
        Table::new("y,x,c,k\n1,2,u1,a\n0,1,u1,b\n1,3,u2,a\n0,2,u2,b\n1,1,u3,b\n0,0,u3,a\n");
    text += &regress.page("regress --y y --x x --cluster c --margins k");
    text += &Table::new("p\n0.01\n0.04\n0.03\n").page("adjust --method holm --p p");
    let raters = Table::new("m,a,b,c\n1,1,1,0\n0,0,0,0\n1,1,0,1\n0,1,0,0\n1,1,1,1\n");
    text += &raters.page("alt-test --model m --raters a,b,c --min-items 5");
    assert_snapshot!(text);
}

#[test]
fn sample_sizes_are_those_of_the_papers() {
    let run = |arguments: &str| -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_validate"))
            .args(["stats", "power"])
            .args(arguments.split_whitespace())
            .args(["--format", "json"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(run("kappa --kappa .7 --null .85 --margins .5")["items"], 96);
    assert_eq!(
        run("kappa --kappa .7 --null .5 --margins .7,.2,.1")["items"],
        118
    );
    assert_eq!(run("gate --margin .02 --discordant .1")["items"], 1546);
    let users = run("gate --margin .02 --discordant .1 --items-per-user 5 --correlation .1");
    assert_eq!(users["users"], 433);
    assert_eq!(
        run("gate --margin .02 --discordant .1 --difference -.02")["items"]["undefined"],
        "out_of_range"
    );
}

#[test]
fn every_refusal_says_what_where_and_what_to_do() {
    let two = "agree --a gold --b model";
    let cases: &[(&str, &[u8], &str)] = &[
        (
            "unknown column",
            FOUR.as_bytes(),
            "agree --a gold --b modell",
        ),
        (
            "unknown column, nothing like it",
            FOUR.as_bytes(),
            "agree --a gold --b zzz",
        ),
        (
            "undeclared class",
            FOUR.as_bytes(),
            "agree --a gold --b model --categories no,yess",
        ),
        (
            "text where a number belongs",
            FOUR.as_bytes(),
            "agree --a gold --b model --scale interval",
        ),
        (
            "decimal comma",
            b"gold,model\n1,\"0,5\"\n",
            "agree --a gold --b model --scale interval",
        ),
        (
            "NaN",
            b"gold,model\n1,NaN\n",
            "agree --a gold --b model --scale interval",
        ),
        (
            "infinite",
            b"gold,model\n1,1e999\n",
            "agree --a gold --b model --scale ratio",
        ),
        ("one rater", FOUR.as_bytes(), "agree --raters gold"),
        (
            "a rater against itself",
            FOUR.as_bytes(),
            "agree --a gold --b gold",
        ),
        (
            "a double item",
            b"item,gold,model\ni1,a,a\ni2,a,b\ni1,b,b\n",
            "agree --a gold --b model --item item",
        ),
        (
            "an order that is not known",
            FOUR.as_bytes(),
            "agree --a gold --b model --scale ordinal",
        ),
        (
            "two spellings of a number",
            b"gold,model\n1,1.0\n2,2\n",
            "agree --a gold --b model --scale ordinal",
        ),
        (
            "a category declared twice",
            FOUR.as_bytes(),
            "agree --a gold --b model --categories no,yes,no",
        ),
        ("an open quote", b"gold,model\na,a\n\"b,b\na,a\n", two),
        ("text after a quote", b"gold,model\na,a\n\"b\"c,b\n", two),
        ("a row with too many cells", b"gold,model\na,a,b\n", two),
        ("not UTF-8", b"gold,model\na,\xe9t\xe9\n", two),
        ("UTF-16", b"\xff\xfeg\0o\0", two),
        ("an empty file", b"", two),
        ("no header", b"yes,no\nyes,yes\n", two),
        ("an empty header", b",\na,b\n", two),
        ("two columns of one name", b"gold,gold,model\na,a,b\n", two),
        (
            "confidence in per cent",
            FOUR.as_bytes(),
            "agree --a gold --b model --confidence 95",
        ),
        (
            "few resamples",
            FOUR.as_bytes(),
            "agree --a gold --b model --bootstrap 10",
        ),
        (
            "a margin below zero",
            FOUR.as_bytes(),
            "compare --gold gold --old model --new model --margin=-1",
        ),
        (
            "an unknown statistic",
            FOUR.as_bytes(),
            "compare --gold gold --old model --new model --statistic kapa",
        ),
        (
            "a positive label that is none",
            FOUR.as_bytes(),
            "prevalence --gold gold --pred model --positive Yes",
        ),
        (
            "labels that are no yes and no",
            FOUR.as_bytes(),
            "calibration --label gold --prob item",
        ),
        (
            "a probability above one",
            b"label,prob\n1,90\n",
            "calibration --label label --prob prob",
        ),
        (
            "a p-value above one",
            b"p\n1.5\n",
            "adjust --p p --method bh",
        ),
        ("no regressor", FOUR.as_bytes(), "regress --y item"),
        (
            "one human",
            FOUR.as_bytes(),
            "alt-test --model model --raters gold",
        ),
    ];
    let mut messages = String::new();
    for (name, bytes, arguments) in cases {
        let message = Table::new(bytes).refused(arguments);
        assert!(
            message.starts_with("error: ") && message.contains("\n\nhint: "),
            "{name}: {message}"
        );
        writeln!(messages, "# {name}\n{message}").unwrap();
    }
    assert_snapshot!(messages);
}

#[test]
fn a_file_that_is_not_there() {
    let table = Table::new("");
    fs::remove_file(table.folder.path().join("ratings.csv")).unwrap();
    assert_snapshot!(table.refused("agree --a gold --b model"));
}

#[test]
fn undefined_is_null_with_a_reason_and_no_error() {
    let none = Table::new("gold,model\na,\n,b\n").json("agree --a gold --b model");
    assert_eq!(none["n"], 0);
    assert_eq!(none["cohen_kappa"]["value"], Value::Null);
    assert_eq!(none["cohen_kappa"]["undefined"], "no_pairs");
    let header_only = Table::new("gold,model\n").json("agree --a gold --b model");
    assert_eq!(header_only["percent_agreement"]["undefined"], "no_pairs");
    let one_class =
        Table::new("gold,model\na,a\na,a\n").json("agree --a gold --b model --categories a,b");
    assert_eq!(one_class["cohen_kappa"]["undefined"], "one_class");
    assert_eq!(one_class["gwet_ac1"]["value"], 1.0);
    let one_item = Table::new("gold,model\na,b\n").json("agree --a gold --b model");
    assert_eq!(one_item["cohen_kappa"]["value"], 0.0);
    assert_eq!(one_item["cohen_kappa"]["se"], Value::Null);
    let constant =
        Table::new("gold,model\n1,2\n1,3\n1,4\n").json("agree --a gold --b model --scale interval");
    assert_eq!(constant["icc_2_1"]["undefined"], "constant");
    assert_eq!(constant["mae"], 2.0);
    for arguments in [
        "agree --raters gold,model",
        "agree --raters gold,model --scale interval",
    ] {
        let panel = Table::new("gold,model\n1,\n,2\n").json(arguments);
        assert_eq!(
            panel["alpha_interval"]["undefined"].is_string(),
            arguments.ends_with("interval")
        );
    }
    let flat = Table::new("y,x\n1,2\n1,3\n1,4\n").json("regress --y y --x x");
    assert_eq!(flat["undefined"], "constant");
    let empty =
        Table::new("gold,old,new\n").json("compare --gold gold --old old --new new --margin 0.1");
    assert_eq!(empty["verdict"], "inconclusive");
}

#[test]
fn a_mark_line_ends_and_quotes_change_nothing() {
    let plain = Table::new(FOUR).json("agree --a gold --b model --cluster user");
    let mut odd = b"\xef\xbb\xbf".to_vec();
    let quoted: String = FOUR
        .lines()
        .map(|line| {
            let cells: Vec<String> = line.split(',').map(|cell| format!("\"{cell}\"")).collect();
            cells.join(",") + "\r\n"
        })
        .collect();
    odd.extend(quoted.bytes());
    assert_eq!(
        Table::new(&odd).json("agree --a gold --b model --cluster user"),
        plain
    );
}

#[test]
fn labels_are_byte_exact() {
    let found = Table::new("gold,model\nYes,yes\n yes,yes\n").json("agree --a gold --b model");
    assert_eq!(
        found["categories"],
        serde_json::json!(["Yes", "yes", " yes"])
    );
}

#[test]
fn a_label_with_a_comma_is_declared_in_quotes() {
    let table = Table::new("gold,model\n\"a,b\",c\nc,c\n");
    let found = table.json("agree --a gold --b model --categories c,\"a,b\"");
    assert_eq!(found["categories"], serde_json::json!(["c", "a,b"]));
}

#[test]
fn ten_comes_after_two_on_an_ordinal_scale_of_numbers() {
    let found =
        Table::new("gold,model\n10,2\n2,1\n").json("agree --a gold --b model --scale ordinal");
    assert_eq!(found["categories"], serde_json::json!(["1", "2", "10"]));
}

#[test]
fn a_row_without_a_cluster_is_left_out_and_counted() {
    let found = Table::new("user,gold,model\nu1,a,a\n,a,b\nu2,b,b\n")
        .json("agree --a gold --b model --cluster user");
    assert_eq!(found["n"], 2);
    assert_eq!(found["n_without_cluster"], 1);
    assert_eq!(found["n_clusters"], 2);
}

#[test]
fn the_bootstrap_is_the_same_on_any_number_of_threads() {
    let mut text = "user,gold,model\n".to_owned();
    for row in 0..300 {
        let gold = (row * 7) % 3;
        let model = if row % 5 == 0 { (gold + 1) % 3 } else { gold };
        writeln!(text, "u{},{gold},{model}", row % 40).unwrap();
    }
    let table = Table::new(text);
    for question in [
        "agree --a gold --b model --cluster user",
        "agree --a gold --b model --scale interval --cluster user",
        "agree --raters gold,model --cluster user",
        "compare --gold gold --old model --new gold",
    ] {
        let run = |threads: &str| {
            let output = Command::new(env!("CARGO_BIN_EXE_validate"))
                .current_dir(table.folder.path())
                .env("RAYON_NUM_THREADS", threads)
                .arg("stats")
                .arg(question.split_once(' ').unwrap().0)
                .arg("ratings.csv")
                .args(question.split_whitespace().skip(1))
                .args(["--bootstrap", "200", "--seed", "7", "--format", "json"])
                .output()
                .unwrap();
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
            output.stdout
        };
        let one: Value = serde_json::from_slice(&run("1")).unwrap();
        assert_eq!(run("1"), run("4"), "{question}");
        assert!(one.to_string().contains("bootstrap, BCa"), "{question}");
    }
}

#[test]
fn a_large_file_gives_what_the_small_one_repeated_gives() {
    const TIMES: usize = 50_000;
    let rows = "yes,yes\nno,yes\nno,no\nyes,\nmaybe,no\n";
    let small = Table::new(format!("gold,model\n{rows}")).json("agree --a gold --b model");
    let large =
        Table::new(format!("gold,model\n{}", rows.repeat(TIMES))).json("agree --a gold --b model");
    assert_eq!(large["n"], 4 * TIMES);
    assert_eq!(large["n_missing"], TIMES);
    for key in [
        "cohen_kappa",
        "scott_pi",
        "gwet_ac1",
        "macro_f1",
        "percent_agreement",
    ] {
        let value = |found: &Value| found[key]["value"].as_f64().unwrap();
        assert!((value(&small) - value(&large)).abs() < 1e-12, "{key}");
    }
    assert_eq!(small["categories"], large["categories"]);
}
