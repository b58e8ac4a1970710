//! A transcript, labels and answers full of markup, marks that turn the writing and control characters, on the page.

use std::fs;

use serde_json::{Value, json};

use super::is_quiet;
use super::webdriver::Browser;
use crate::recorded::three_sessions;
use crate::requests::user_line;
use crate::workspace::Workspace;

/// Ends a script, opens another one, asks for a picture, turns the writing, rings a bell, clears a terminal.
const HOSTILE: &str = "hello </script><script>window.taken = 1</script><img src=http://127.0.0.1:9/x onerror='window.taken=1'> \u{202e}desrever\u{202c} \u{7}\u{1b}[2J <!-- {{ 7*7 }} ${7*7} \u{5e9}\u{5dc}\u{5d5}\u{5dd}";

fn hostile() -> Workspace {
    let workspace = three_sessions();
    let _ = fs::remove_file(workspace.path().join("prompts/study.toml"));
    fs::remove_dir_all(workspace.path().join("goldsets/tiny")).unwrap();
    workspace.write("goldsets/three/sessions/a.jsonl", &user_line("a", HOSTILE));
    let quoted = HOSTILE.replace('"', "\"\"");
    workspace.write(
        "goldsets/three/labels.csv",
        &format!("session_id,classifier,rater,label,rationale\na,greeting,hand,yes,\"{quoted}\"\nb,greeting,hand,no,\nc,greeting,hand,yes,\n"),
    );
    workspace.edit(
        "goldsets/three/sessions.csv",
        "2026-01-01,r,MIT,x",
        "2026-01-01,<b>r</b>,MIT,x",
    );
    let export = [
        "requests",
        "export",
        "--goldset",
        "goldsets/three",
        "--out",
        "requests.jsonl",
    ];
    let ran = workspace.run(&export);
    assert_eq!(ran.code, Some(0), "{ran}");
    let requests = fs::read_to_string(workspace.path().join("requests.jsonl")).unwrap();
    let answers: Vec<String> = requests
        .lines()
        .map(|line| {
            let request: Value = serde_json::from_str(line).unwrap();
            let answer = json!({"evidence": [{"turn": 1, "shows": HOSTILE}], "label": "no", "confidence": 0.9, "decisions": []});
            json!({"request_hash": request["request_hash"], "text": answer.to_string()}).to_string()
        })
        .collect();
    workspace.write("answers.jsonl", &(answers.join("\n") + "\n"));
    let ran = workspace.run(&[
        "requests",
        "import",
        "answers.jsonl",
        "--goldset",
        "goldsets/three",
        "--model",
        "m",
        "--when",
        "2026-11-22",
    ]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let ran = workspace.run(&["report"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    workspace
}

#[test]
fn the_file_holds_no_markup_of_others_and_no_character_that_cannot_be_seen() {
    let workspace = hostile();
    let html = fs::read_to_string(workspace.path().join("reports/appendix.html")).unwrap();
    assert!(
        !html.contains("<script>window"),
        "a script of the transcript"
    );
    assert!(
        !html.contains("<img") && !html.contains("<b>r"),
        "an element of others"
    );
    assert!(html.contains("window.taken"), "the text is there");
    let unseen: Vec<char> = html
        .chars()
        .filter(|letter| {
            (letter.is_control() && *letter != '\n')
                || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
        .collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_full_of_markup_and_control_characters_shows_as_text() {
    let workspace = hostile();
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    let page = workspace.path().join("reports/appendix.html");
    browser.open(&page, "#three/greeting/yes-no").await;
    let first = "document.querySelector('article.session')";
    let passage = browser
        .text(&format!(
            "{first}.querySelector('details.passage pre').textContent"
        ))
        .await;
    let reason = browser
        .text(&format!("{first}.querySelector('.reason').textContent"))
        .await;
    let evidence = browser
        .text(&format!("{first}.querySelector('.sides li').textContent"))
        .await;
    for text in [&passage, &reason, &evidence] {
        assert!(
            text.contains("</script><script>window.taken = 1</script><img src="),
            "{text}"
        );
        assert!(text.contains("{{ 7*7 }} ${7*7}"), "{text}");
        assert!(
            !text.contains('\u{202e}') && !text.contains('\u{7}'),
            "{text}"
        );
        assert!(
            text.contains("\u{5e9}\u{5dc}"),
            "letters written from right to left stay: {text}"
        );
    }
    assert!(reason.contains("\\u{202e}desrever"), "{reason}");
    assert_eq!(
        browser.value("typeof window.taken").await,
        json!("undefined")
    );
    assert_eq!(
        browser
            .value("document.querySelectorAll('img, iframe, object').length")
            .await,
        json!(0)
    );
    // Search and the view of one session show the same texts.
    browser.open(&page, "#three/session/a").await;
    browser.press("/").await;
    browser.press("window.taken").await;
    browser
        .until("document.querySelectorAll('.results a').length > 0")
        .await;
    assert_eq!(
        browser.value("typeof window.taken").await,
        json!("undefined")
    );
    is_quiet(&browser).await;
    browser.end().await;
}
