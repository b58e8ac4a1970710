//! What the command line says where it is used in a way that leads nowhere: a way out in every message.

use harness::classifier::check::Quantity;
use harness::domain::telemetry::Measure;

use crate::workspace::Workspace;

#[test]
fn batches_need_a_model_that_is_asked() {
    let workspace = Workspace::new();
    for more in [&[] as &[&str], &["--dry-run"]] {
        let main = [
            "--classifier",
            "codebase",
            "--goldset",
            "goldsets/tiny",
            "--batch",
        ];
        let ran = workspace.run(&[&main[..], more].concat());
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(
            ran.stderr.contains("`--batch`") && ran.stderr.contains("hint: name one with `--model"),
            "{ran}"
        );
    }
}

#[test]
fn values_are_rounded_and_one_is_singular() {
    for (measure, value, said) in [
        (
            Measure::ActionsPerPrompt,
            13.0 / 3.0,
            "4.33 actions per prompt",
        ),
        (Measure::ActionsPerPrompt, 8.0, "8 actions per prompt"),
        (Measure::Commits, 1.0, "1 commit"),
        (Measure::ToolErrors, 1.0, "1 tool error"),
        (Measure::LinesAdded, 0.0, "0 lines added"),
        (Measure::LinesAdded, 1200.0, "1200 lines added"),
    ] {
        assert_eq!(Quantity::Measure(measure).counted(value), said);
    }
}
