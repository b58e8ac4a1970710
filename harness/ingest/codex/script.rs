//! Newer clients let the model write a script that calls the tools: `await tools.exec_command({cmd: "cargo test"})`.
//!
//! A script is one action of the model. Its commands are read out of it, so that tests and commits inside are seen; what a
//! script computes at run time is not.

/// What a script calls.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Script {
    /// Its commands, a line each.
    pub(super) commands: String,
    /// Its patches.
    pub(super) patches: Vec<String>,
    /// The process whose output it asks for.
    pub(super) polls: Option<String>,
}

/// Reads what can be read off the script's text.
pub(super) fn read(script: &str) -> Script {
    let mut read = Script::default();
    let mut rest = script;
    while let Some(at) = rest.find("cmd") {
        rest = &rest[at + "cmd".len()..];
        let value = rest.strip_prefix(['"', '\'']).unwrap_or(rest).trim_start();
        let Some(value) = value.strip_prefix(':') else {
            continue;
        };
        if let Some(command) = literal(value.trim_start()) {
            if !read.commands.is_empty() {
                read.commands.push('\n');
            }
            read.commands.push_str(&command);
        }
    }
    let mut rest = script;
    while let Some(at) = rest.find("*** Begin Patch") {
        // The literal begins one character before its text.
        let start = rest[..at]
            .char_indices()
            .next_back()
            .map_or(at, |(at, _)| at);
        read.patches.extend(literal(&rest[start..]));
        rest = &rest[at + "*** Begin Patch".len()..];
    }
    if let Some((_, call)) = script.split_once("write_stdin")
        && let Some((_, value)) = call.split_once("session_id")
    {
        let digits: String = value
            .trim_start_matches(['"', '\'', ':', ' '])
            .chars()
            .take_while(char::is_ascii_digit)
            .take(64)
            .collect();
        read.polls = (!digits.is_empty()).then_some(digits);
    }
    read
}

/// The string literal at the beginning of `text`, unescaped; `None` where there is none or it does not end.
fn literal(text: &str) -> Option<String> {
    let mut characters = text.chars();
    let quote = characters
        .next()
        .filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let mut value = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                'r' => value.push('\r'),
                // Line counts and commands do not hang on which character this was.
                'u' => value.push('\u{fffd}'),
                other => value.push(other),
            },
            end if end == quote => return Some(value),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn commands_are_read_in_every_way_of_quoting() {
        let script = read(
            "const r = await tools.exec_command({cmd: \"cargo test \\\"a\\\"\", workdir: \"/r\"});\n\
             await tools.exec_command({\"cmd\":'git commit -m x'}); await tools.exec_command({ cmd: `ls\n-l` });",
        );
        assert_eq!(script.commands, "cargo test \"a\"\ngit commit -m x\nls\n-l");
        assert!(script.patches.is_empty() && script.polls.is_none());
    }

    #[test]
    fn patches_and_polls_are_read() {
        let script = read(
            "const patch = \"*** Begin Patch\\n*** Update File: a\\n+b\\n*** End Patch\";\ntext(await tools.apply_patch(patch));",
        );
        assert_eq!(
            script.patches,
            ["*** Begin Patch\n*** Update File: a\n+b\n*** End Patch"]
        );
        let script = read("await tools.write_stdin({session_id:94175, chars:\"\"});");
        assert_eq!(script.polls.as_deref(), Some("94175"));
    }

    #[test]
    fn what_a_script_computes_is_not_read() {
        assert_eq!(
            read("tools.exec_command({cmd: command}); const cmd = \"ls"),
            read("")
        );
    }
}
