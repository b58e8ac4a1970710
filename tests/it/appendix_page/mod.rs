//! The page of the appendix in a real browser: every link, filter and sort, search and sessions, by mouse and keyboard.

mod hostile;
mod webdriver;

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;
use tempfile::TempDir;

use crate::workspace::package;
use webdriver::{Browser, DOWN, ENTER, ESCAPE, LEFT, RIGHT, UP};

/// The page over both goldsets of the repository, made once.
fn page() -> PathBuf {
    static MADE: OnceLock<TempDir> = OnceLock::new();
    let folder = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        // Without this the program would mend numbers that the repository's own texts quote.
        let text = folder.path().join("nothing.md");
        std::fs::write(&text, "no number is quoted here\n").unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_validate"))
            .current_dir(package())
            .args(["report", "--out"])
            .arg(folder.path())
            .arg("--text")
            .arg(&text)
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        folder
    });
    folder.path().join("appendix.html")
}

/// Nothing was asked of anyone, and nothing complained.
async fn is_quiet(browser: &Browser) {
    let console = browser.console().await;
    assert!(console.is_empty(), "{console:#?}");
    let outside: Vec<String> = browser
        .requests()
        .await
        .into_iter()
        .filter(|address| !address.starts_with("file://") && address != "about:blank")
        .collect();
    assert!(outside.is_empty(), "{outside:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_link_leads_somewhere_and_nothing_leaves_the_page() {
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    browser.open(&page(), "").await;
    // Contents, cells of tables and matrices, sessions: each is followed as a click does.
    let script = "
        const problems = [];
        const seen = new Set();
        const wait = () => new Promise((done) => setTimeout(done));
        const follow = async (link) => {
            const href = link.getAttribute('href');
            if (seen.has(href)) return;
            seen.add(href);
            link.click();
            await wait();
            const id = decodeURIComponent(href.slice(1));
            if (document.getElementById(id)) return;
            const browser = document.querySelector('.browser:has(h3:focus)');
            if (!browser) { problems.push(href + ' leads nowhere'); return; }
            const cards = browser.querySelectorAll('article.session').length;
            if (!cards) problems.push(href + ' shows no session');
            const count = link.closest('table') && /^\\d+$/.test(link.textContent) ? Number(link.textContent) : null;
            const said = Number(browser.querySelector('.count').textContent.split(' ')[0]);
            if (count !== null && !link.isConnected && said !== count) problems.push(href + ': ' + said + ' sessions of ' + count);
        };
        for (let round = 0; round < 2; round += 1) {
            for (const link of [...document.querySelectorAll('a[href]')]) {
                if (!link.getAttribute('href').startsWith('#')) { problems.push('outside: ' + link.href); continue; }
                await follow(link);
            }
        }
        return [seen.size, problems];";
    let followed = browser
        .value(&format!("(async () => {{ {script} }})()"))
        .await;
    let (links, problems) = (followed[0].as_u64().unwrap(), &followed[1]);
    assert_eq!(problems, &json!([]));
    assert!(100 < links, "only {links} links were followed");
    is_quiet(&browser).await;

    // The logs would show what the page may not do.
    browser
        .value("(() => { const image = new Image(); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image); return 1; })()")
        .await;
    let console = browser.console().await;
    assert!(
        console
            .iter()
            .any(|line| line.contains("Content Security Policy")),
        "{console:#?}"
    );
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_shows_its_sessions_by_mouse_by_keyboard_and_by_address() {
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    let page = page();
    browser.open(&page, "").await;
    let root = "document.querySelector('[data-browser=starter]')";
    let shown = format!("{root}.querySelector('.count').textContent");

    // By address, in full and short.
    browser.open(&page, "#starter/expertise/differ").await;
    let differing = browser.text(&shown).await;
    assert!(differing.ends_with(" of 64 sessions"), "{differing}");
    let cards = browser
        .value(&format!("[...{root}.querySelectorAll('article.session')].every((card) => card.querySelector('.gold').textContent !== card.querySelector('.said').textContent)"))
        .await;
    assert_eq!(cards, json!(true), "every session shown differs");
    let open = browser
        .text(&format!(
            "{root}.querySelector('details.passage[open] pre').textContent"
        ))
        .await;
    assert!(open.contains("USER") || open.contains("AGENT"), "{open}");
    assert_eq!(
        browser
            .value(&format!(
                "{root}.querySelectorAll('dl.telemetry dt').length > 10"
            ))
            .await,
        json!(true)
    );
    browser.open(&page, "#expertise/differ").await;
    let first = "document.querySelector('.browser')";
    assert!(
        browser
            .text(&format!("{first}.querySelector('.count').textContent"))
            .await
            .ends_with(" sessions")
    );

    // By mouse: a cell off the diagonal.
    browser.open(&page, "#starter/expertise").await;
    assert_eq!(browser.text(&shown).await, "64 of 64 sessions");
    let cell = "[data-browser=starter] table.matrix td:not(.same) a";
    let count = browser
        .text(&format!("document.querySelector('{cell}').textContent"))
        .await;
    browser.click(cell).await;
    browser
        .until(&format!("{shown} === '{count} of 64 sessions'"))
        .await;
    let address = browser.text("location.hash").await;
    assert!(address.starts_with("#starter/expertise/"), "{address}");
    browser
        .until(&format!(
            "document.activeElement === {root}.querySelector('h3')"
        ))
        .await;

    // Back, and by keyboard: arrow keys from cell to cell, Enter opens.
    browser.back().await;
    browser
        .until(&format!("{shown} === '64 of 64 sessions'"))
        .await;
    browser
        .value(&format!(
            "{root}.querySelector('table.matrix td.same a').focus() ?? 1"
        ))
        .await;
    let place = "(() => { const cell = document.activeElement.closest('td'); return cell.parentElement.rowIndex + ',' + cell.cellIndex; })()";
    let start = browser.text(place).await;
    browser.press(DOWN).await;
    let below = browser.text(place).await;
    browser.press(UP).await;
    assert_eq!(browser.text(place).await, start);
    browser.press(RIGHT).await;
    let right = browser.text(place).await;
    assert!(below != start || right != start, "an arrow moves the focus");
    if right != start {
        browser.press(LEFT).await;
        assert_eq!(browser.text(place).await, start);
    }
    let count = browser.text("document.activeElement.textContent").await;
    browser.press(ENTER).await;
    browser
        .until(&format!("{shown} === '{count} of 64 sessions'"))
        .await;
    assert_eq!(
        browser
            .text(&format!(
                "{root}.querySelector('a[aria-current]').textContent"
            ))
            .await,
        count
    );

    // One session, all classifiers.
    browser
        .click("[data-browser=starter] article.session h4 a")
        .await;
    browser
        .until("location.hash.startsWith('#starter/session/')")
        .await;
    assert_eq!(
        browser
            .value(&format!("{root}.querySelectorAll('article .sides').length"))
            .await,
        json!(10)
    );
    is_quiet(&browser).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_leave_sessions_out_and_the_address_follows() {
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    browser.open(&page(), "#starter/outcome").await;
    let root = "document.querySelector('[data-browser=starter]')";
    let shown = format!("{root}.querySelector('.count').textContent");
    let choose = |name: &str, value: &str| {
        format!(
            "(() => {{ const field = {root}.querySelector('[name={name}]'); field.value = '{value}'; field.dispatchEvent(new Event('change', {{ bubbles: true }})); return field.value; }})()"
        )
    };
    assert_eq!(browser.text(&choose("gold", "failure")).await, "failure");
    assert_eq!(
        browser.text("location.hash").await,
        "#starter/outcome/failure-"
    );
    let all = browser
        .texts(&format!(
            "[...{root}.querySelectorAll('.gold')].map((one) => one.textContent)"
        ))
        .await;
    assert!(
        !all.is_empty() && all.iter().all(|label| label == "failure"),
        "{all:?}"
    );

    // A label with hyphens is one label.
    assert_eq!(
        browser.text(&choose("gold", "no-clear-goal")).await,
        "no-clear-goal"
    );
    assert_eq!(
        browser.text(&choose("said", "no-clear-goal")).await,
        "no-clear-goal"
    );
    assert_eq!(
        browser.text("location.hash").await,
        "#starter/outcome/no-clear-goal-no-clear-goal"
    );
    let count = browser.text(&shown).await;
    browser.value("location.reload() ?? 1").await;
    browser
        .until("document.documentElement.dataset.ready === 'true'")
        .await;
    assert_eq!(
        browser.text(&shown).await,
        count,
        "the address alone says what is shown"
    );

    // The box, by mouse; words, by keyboard.
    browser.click("[data-browser=starter] [name=differ]").await;
    browser
        .until("location.hash === '#starter/outcome/differ'")
        .await;
    browser.click("[data-browser=starter] [name=differ]").await;
    browser.until("location.hash === '#starter/outcome'").await;
    browser.click("[data-browser=starter] [name=words]").await;
    browser.press("starter-a04").await;
    browser
        .until(&format!("{shown} === '1 of 64 sessions'"))
        .await;
    browser.back().await;
    browser
        .until("location.hash === '#starter/outcome/differ'")
        .await;
    browser
        .until(&format!(
            "document.activeElement === {root}.querySelector('h3')"
        ))
        .await;

    // Another classifier, and more sessions than are shown at once.
    browser.text(&choose("classifier", "expertise")).await;
    browser
        .until("location.hash === '#starter/expertise/differ'")
        .await;
    // By keyboard: the space bar takes the tick away.
    browser
        .value(&format!(
            "{root}.querySelector('[name=differ]').focus() ?? 1"
        ))
        .await;
    browser.press(" ").await;
    browser
        .until("location.hash === '#starter/expertise'")
        .await;
    assert_eq!(
        browser
            .value(&format!("{root}.querySelectorAll('article').length"))
            .await,
        json!(20)
    );
    browser.click("[data-browser=starter] button.more").await;
    browser
        .until(&format!("{root}.querySelectorAll('article').length === 40"))
        .await;
    is_quiet(&browser).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_tables_prompts_and_sessions() {
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    browser.open(&page(), "").await;
    browser.press("/").await;
    browser
        .until("document.activeElement.id === 'search'")
        .await;
    browser.press("starter-b07").await;
    browser
        .until("document.querySelectorAll('.results a').length > 0")
        .await;
    browser.press(DOWN).await;
    browser
        .until("document.activeElement.closest('.results') !== null")
        .await;
    browser.press(ENTER).await;
    browser.until("location.hash.includes('starter-b07')").await;
    browser
        .until("document.querySelector('.results').hidden")
        .await;

    browser.press("/").await;
    browser.press(ESCAPE).await;
    browser.press("novice vocabulary").await;
    browser
        .until("[...document.querySelectorAll('.results small')].some((one) => one.textContent.startsWith('prompt'))")
        .await;
    browser.press(ESCAPE).await;
    browser
        .until("document.querySelector('.results').hidden")
        .await;
    browser.press("zzzz no such word").await;
    browser
        .until("document.querySelector('.results p').textContent === '0 found'")
        .await;
    is_quiet(&browser).await;
    browser.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_of_every_table_sorts_both_ways_and_back() {
    let Some(browser) = Browser::start(1280).await else {
        return;
    };
    browser.open(&page(), "").await;
    let script = "
        const problems = [];
        let heads = 0;
        const numbers = (cells) => cells.every((cell) => /^-?\\d+(\\.\\d+)?$/.test(cell));
        for (const table of document.querySelectorAll('main .table table:not(.matrix)')) {
            const column = (at) => [...table.tBodies[0].rows].map((row) => row.cells[at].textContent.trim());
            const name = table.caption?.textContent ?? '?';
            [...table.tHead.rows[0].cells].forEach((head, at) => {
                const button = head.querySelector('button');
                if (!button) { if (table.tBodies[0].rows.length > 1) problems.push(name + ': no button'); return; }
                heads += 1;
                const before = column(0).join('|');
                button.click();
                if (head.getAttribute('aria-sort') !== 'ascending') problems.push(name + ': not ascending');
                const up = column(at);
                button.click();
                if (head.getAttribute('aria-sort') !== 'descending') problems.push(name + ': not descending');
                const down = column(at);
                if (numbers(up)) {
                    if (up.some((cell, n) => n && Number(up[n - 1]) > Number(cell))) problems.push(name + ' does not ascend: ' + up);
                    if (down.some((cell, n) => n && Number(down[n - 1]) < Number(cell))) problems.push(name + ' does not descend: ' + down);
                }
                button.click();
                if (head.hasAttribute('aria-sort') || column(0).join('|') !== before) problems.push(name + ': not as it was');
            });
        }
        return [heads, problems];";
    let sorted = browser.value(&format!("(() => {{ {script} }})()")).await;
    assert_eq!(sorted[1], json!([]));
    assert!(50 < sorted[0].as_u64().unwrap(), "{sorted}");

    // By keyboard, and with the mouse.
    let head = "main .table table:not(.matrix) thead th:nth-child(2)";
    browser.click(&format!("{head} button")).await;
    let state = format!("document.querySelector('{head}').getAttribute('aria-sort')");
    assert_eq!(browser.text(&state).await, "ascending");
    browser.press(ENTER).await;
    assert_eq!(browser.text(&state).await, "descending");

    // A filter of rows.
    let rows = "[...document.querySelector('.rows').nextElementSibling.querySelectorAll('tbody tr')].filter((row) => !row.hidden).length";
    let all = browser.value(rows).await.as_u64().unwrap();
    browser.click(".rows input").await;
    browser.press("zzzz").await;
    browser.until(&format!("{rows} === 0")).await;
    assert_eq!(
        browser
            .text("document.querySelector('.rows .count').textContent")
            .await,
        format!("0 of {all} rows")
    );
    is_quiet(&browser).await;
    browser.end().await;
}

/// What assistive technology relies on, and what a narrow screen needs.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_can_be_used_without_sight_and_on_a_phone() {
    let Some(browser) = Browser::start(500).await else {
        return;
    };
    browser.open(&page(), "#starter/expertise/differ").await;
    for (what, wrong) in [
        (
            "head cells say what they head",
            "document.querySelectorAll('th:not([scope])').length",
        ),
        (
            "tables have captions",
            "[...document.querySelectorAll('table')].filter((table) => !table.caption?.textContent.trim()).length",
        ),
        (
            "figures have titles",
            "[...document.querySelectorAll('svg')].filter((svg) => svg.getAttribute('aria-labelledby').split(' ').some((id) => !document.getElementById(id)?.textContent.trim())).length",
        ),
        (
            "ids are unique",
            "(() => { const ids = [...document.querySelectorAll('[id]')].map((one) => one.id); return ids.length - new Set(ids).size; })()",
        ),
        (
            "fields have names",
            "[...document.querySelectorAll('input, select')].filter((field) => !field.labels?.length && !field.getAttribute('aria-label')).length",
        ),
        (
            "no heading leaves a level out",
            "(() => { let last = 0, wrong = 0; document.querySelectorAll('h1, h2, h3, h4, h5').forEach((one) => { const level = Number(one.tagName[1]); wrong += level > last + 1 ? 1 : 0; last = level; }); return wrong; })()",
        ),
        (
            "links have words",
            "[...document.querySelectorAll('a')].filter((one) => !one.textContent.trim() && !one.getAttribute('aria-label')).length",
        ),
        (
            "one language is declared",
            "document.documentElement.lang === 'en' ? 0 : 1",
        ),
    ] {
        assert_eq!(browser.value(wrong).await, json!(0), "{what}");
    }
    assert_eq!(
        browser
            .value("document.documentElement.scrollWidth <= innerWidth")
            .await,
        json!(true),
        "the page itself never scrolls sideways"
    );
    // The first stop of the keyboard leads past the contents.
    browser.open(&page(), "").await;
    browser.press(webdriver::TAB).await;
    assert_eq!(
        browser.text("document.activeElement.textContent").await,
        "Skip to the content"
    );
    browser.press(ENTER).await;
    browser.until("document.activeElement.id === 'main'").await;
    is_quiet(&browser).await;
    browser.end().await;
}
