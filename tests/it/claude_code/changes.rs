//! Lines and files changed, and what the counts may miss.

use super::*;

#[test]
fn lines_are_counted_on_the_patch_and_not_on_old_and_new_text() {
    let session = Transcript::new()
        .calls(
            "t1",
            "Edit",
            json!({"file_path": "/a", "old_string": "a\nb\nc", "new_string": "a\nB\nc\nd"}),
        )
        .result(
            "t1",
            "ok",
            patch(
                "/a",
                &[
                    &[" a", "-b", "+B", " c"],
                    &["+d", "\\ No newline at end of file"],
                ],
            ),
            false,
        );
    assert_eq!(session.heard()[1], "result t1 Done /a +2 -1");
    let row = session.row();
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (2, 1, 1)
    );
    assert_eq!(row.lines_coverage, "full");
}

#[test]
fn signs_inside_a_line_and_marks_of_a_missing_newline_do_not_count() {
    let hunk: &[&str] = &[
        "--- sql comment",
        "\\ No newline at end of file",
        "+++ added",
        " +context",
        " -context",
        "",
        "\\ No newline at end of file",
    ];
    let session = Transcript::new().result("t1", "ok", patch("/a", &[hunk]), false);
    assert_eq!(
        (session.row().lines_added, session.row().lines_removed),
        (1, 1)
    );
}

#[test]
fn a_new_file_adds_each_line_of_its_content() {
    for (content, lines) in [
        ("a\nb\n", 2),
        ("a\nb", 2),
        ("a", 1),
        ("", 0),
        ("\n", 1),
        ("a\r\n\r\nb", 3),
    ] {
        let session = Transcript::new().result("t1", "ok", created("/new", content), false);
        let row = session.row();
        assert_eq!(
            (row.lines_added, row.lines_removed),
            (lines, 0),
            "{content:?}"
        );
        assert_eq!(row.files_changed, 1);
    }
}

#[test]
fn a_file_written_over_counts_its_patch_only() {
    let mut update = patch("/a", &[&["-old", "+new", "+newer"]]);
    update["type"] = json!("update");
    update["content"] = json!("new\nnewer\nmore\nlines");
    let row = Transcript::new().result("t1", "ok", update, false).row();
    assert_eq!((row.lines_added, row.lines_removed), (2, 1));
    let unchanged =
        json!({"type": "update", "filePath": "/a", "content": "a\nb", "structuredPatch": []});
    let row = Transcript::new().result("t1", "ok", unchanged, false).row();
    assert_eq!((row.lines_added, row.lines_removed), (0, 0));
}

#[test]
fn failed_edits_and_edits_without_structure_do_not_count() {
    let session = Transcript::new()
        .result("t1", "no", patch("/a", &[&["+a"]]), true)
        .fails("t2", "String to replace not found in file.")
        .result("t3", "ok", json!("The file was updated"), false)
        .result(
            "t4",
            "ok",
            json!([{"type": "text", "text": "updated"}]),
            false,
        )
        .result("t5", "ok", json!({"filePath": "/a"}), false)
        .result(
            "t6",
            "ok",
            json!({"filePath": "/a", "structuredPatch": "+a"}),
            false,
        )
        .result(
            "t7",
            "ok",
            json!({"type": "text", "file": {"filePath": "/a", "content": "x\ny"}}),
            false,
        );
    let row = session.row();
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (0, 0, 0)
    );
    assert_eq!(row.tool_errors, 2);
}

#[test]
fn a_hunk_of_another_shape_loses_itself_only() {
    let odd = json!({"filePath": "/a", "structuredPatch": [3, {"lines": "x"}, {"lines": [1, null, "+a"]}, {"lines": ["-b"]}]});
    let row = Transcript::new().result("t1", "ok", odd, false).row();
    assert_eq!((row.lines_added, row.lines_removed), (1, 1));
}

#[test]
fn files_count_once_and_lines_each_time() {
    let session = Transcript::new()
        .result("t1", "ok", patch("/a", &[&["+a"]]), false)
        .result("t2", "ok", patch("/a", &[&["-a", "+b"]]), false)
        .result("t3", "ok", patch("/b", &[&["+c"]]), false);
    let row = session.row();
    assert_eq!(
        (row.lines_added, row.lines_removed, row.files_changed),
        (3, 1, 2)
    );
}

#[test]
fn coverage_names_what_the_line_counts_may_miss() {
    let coverage = |session: Transcript| session.row().lines_coverage;
    let looks = || Transcript::new().runs("t1", "ls -l && git status 2>/dev/null");
    assert_eq!(coverage(looks()), "full");
    assert_eq!(coverage(looks().runs("t2", "sed -i s/a/b/ f")), "shell");
    assert_eq!(
        coverage(looks().calls("t2", "Agent", json!({}))),
        "subagent"
    );
    assert_eq!(
        coverage(
            looks()
                .runs("t2", "echo a > f")
                .calls("t3", "Task", json!({}))
        ),
        "shell+subagent"
    );
}
