//! Is a value random, or a word, a path, a piece of code, a placeholder?
//!
//! Only the shape of the value speaks here. The limits were set by looking at every match in real sessions and at
//! generated secrets; docs/redaction.md has both.

use super::rules::Generic;

/// The two-letter sequences that make up most of English text and of identifiers. Random letters hit them about one
/// time in five, words two times in three.
const ENGLISH: &str = "th he in er an re nd at on nt ha es st en ed to it ou ea hi is or ti as te et ng of al de se le sa si ar \
    ve ra ld ur ro ri io li ic co me el ne ll be ch us ut om ac em ab no wa ca so ta la id im ap pa pr il tr un ma ho ec ce ge \
    ad ey ke ok ss am di po pe ul ay ai ev ir ig ag ck wo do go fi fo ex up ow op ot ol os ee oo tt ct ts rs ns pl cl";

/// How much a name promises.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Promise {
    /// Passwords are short and have symbols; a person may have made them up.
    Password,
    /// `secret`, `api_key`: anything random is a secret, also a bare hexadecimal number.
    Secret,
    /// `token`, `auth`, `..._key`: often the name of something else; hashes and UUIDs are taken for identifiers.
    Token,
}

/// Shannon entropy in bits per byte.
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let total = text.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

/// True if one of the lower-case `parts` occurs in the text, in any case.
pub(super) fn has_any(text: &str, parts: &[String]) -> bool {
    let lower = text.to_ascii_lowercase();
    parts.iter().any(|part| lower.contains(part.as_str()))
}

/// True if the value can be a secret of the kind that its name promises.
///
/// `bare` values stand without quotes and may be code.
pub(super) fn is_secret(value: &str, promise: Promise, bare: bool, generic: &Generic) -> bool {
    let likely = match promise {
        Promise::Password => is_password(value, bare, generic),
        Promise::Secret => is_random(value, 16),
        Promise::Token => is_random(value, 20) && !is_identifier(value),
    };
    likely
        && !value.contains("REDACTED")
        && !has_any(value, &generic.placeholders)
        && !is_reference(value)
        && !is_path(value)
}

/// True if the password beside a user name is one: in a URL or after `curl -u` nothing but a password can stand there,
/// so only references, placeholders and well-known defaults are left alone.
pub(super) fn is_login(password: &str, user: &str, generic: &Generic) -> bool {
    let lower = password.to_ascii_lowercase();
    password.len() >= 4
        && !lower.contains("redacted")
        && !is_reference(password)
        // `-u http://host`
        && !password.starts_with("//")
        && lower != user.to_ascii_lowercase()
        && !generic.defaults.contains(&lower)
        && !generic
            .placeholders
            .iter()
            .any(|part| lower.contains(part.as_str()))
        && entropy(password) >= 1.5
}

fn is_password(value: &str, bare: bool, generic: &Generic) -> bool {
    let lower = value.to_ascii_lowercase();
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let symbols = value.len() - digits - letters;
    let name_like = value
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.-?:$".contains(&byte));
    let core = lower.trim_end_matches(|last: char| !last.is_ascii_alphabetic());
    value.len() >= 8
        && value.is_ascii()
        && entropy(value) >= 2.6
        && letters > 0
        && (digits > 0 || symbols > 0 || is_scrambled(value))
        && !generic.defaults.iter().any(|word| word == core)
        // `form.password1` and `$oldPassword` are code; without quotes a value has to look random.
        && (!bare || !name_like || (digits >= 2 && !is_wordy(value)) || is_scrambled(value))
        && !(digits == 0 && is_wordy(value))
}

/// Random as a machine writes it: long, of letters and digits mixed, and not made of words.
pub(super) fn is_random(value: &str, least: usize) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let odd = value.len() - digits - letters;
    let hex = value.bytes().all(|byte| byte.is_ascii_hexdigit());
    value.len() >= least
        && value.bytes().all(|byte| byte.is_ascii_graphic())
        && letters >= 4
        // Letters and digits mixed, or, by chance without digits, upper and lower case without the look of words.
        && (digits >= 2 || is_scrambled(value))
        && odd * 4 <= value.len()
        && entropy(value) >= if hex { 2.8 } else { 3.3 }
        && !is_wordy(value)
        && !is_sequence(value)
}

fn changes_case(value: &str) -> bool {
    let (mut pairs, mut changes) = (0, 0);
    for (first, second) in letter_pairs(value) {
        pairs += 1;
        changes += usize::from(first.is_ascii_lowercase() != second.is_ascii_lowercase());
    }
    pairs >= 10 && changes * 20 >= pairs * 7
}

/// Upper and lower case side by side in all four orders, which neither words nor humps nor constants do.
fn is_scrambled(value: &str) -> bool {
    let mut orders = [0usize; 4];
    for (first, second) in letter_pairs(value) {
        orders[usize::from(first.is_ascii_lowercase()) * 2
            + usize::from(second.is_ascii_lowercase())] += 1;
    }
    let (english, pairs) = english_pairs(value);
    value.len() >= 12 && orders.iter().all(|&count| count > 0) && english * 20 < pairs * 9
}

/// Neighbouring letters.
fn letter_pairs(value: &str) -> impl Iterator<Item = (u8, u8)> {
    value
        .as_bytes()
        .windows(2)
        .filter(|pair| pair.iter().all(u8::is_ascii_alphabetic))
        .map(|pair| (pair[0], pair[1]))
}

/// How many neighbouring letters are so in English, of how many; the hump of a camel is a new word.
fn english_pairs(value: &str) -> (usize, usize) {
    let mut english = 0;
    let mut pairs = 0;
    for (first, second) in letter_pairs(value)
        .filter(|(first, second)| first.is_ascii_uppercase() || second.is_ascii_lowercase())
    {
        let pair = [first.to_ascii_lowercase(), second.to_ascii_lowercase()];
        pairs += 1;
        english += usize::from(
            ENGLISH
                .as_bytes()
                .chunks(3)
                .any(|known| known.starts_with(&pair)),
        );
    }
    (english, pairs)
}

/// True if the letters run as they do in words.
fn is_wordy(value: &str) -> bool {
    let (english, pairs) = english_pairs(value);
    // Chance writes a few English pairs into any text; digits strewn in between and a case that keeps changing tell.
    pairs >= 4
        && pairs * 10 >= value.len() * 4
        && english * 20 >= pairs * 11
        && digit_groups(value) < 3
        && !changes_case(value)
}

fn digit_groups(value: &str) -> usize {
    value
        .split(|symbol: char| !symbol.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .count()
}

/// `abcdefgh`, `01234567`: written by hand, to stand for something.
fn is_sequence(value: &str) -> bool {
    let steps = value
        .as_bytes()
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1) || pair[1] == pair[0])
        .count();
    steps * 3 >= value.len()
}

/// A UUID or the hexadecimal form of a hash, a number, a date: what identifies and does not open.
fn is_identifier(value: &str) -> bool {
    let hash = matches!(value.len(), 32 | 40 | 64 | 96 | 128)
        && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    hash || is_uuid(value)
        || value.starts_with("sha256-")
        || value.starts_with("sha512-")
        || value.starts_with("toolu_")
}

/// Eight, four, four, four and twelve hexadecimal digits.
pub(super) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A variable, a template, a call, an object: the place of a value and not the value.
pub(super) fn is_reference(value: &str) -> bool {
    let bytes = value.as_bytes();
    let opens = matches!(
        bytes.first(),
        Some(b'<' | b'{' | b'[' | b'(' | b'%' | b'@' | b'&' | b'*' | b'!' | b'.' | b'/')
    );
    let closes = matches!(
        bytes.last(),
        Some(b'>' | b'}' | b']' | b')' | b'%' | b'*' | b'/')
    );
    let shell = bytes.first() == Some(&b'$')
        && bytes
            .get(1)
            .is_some_and(|next| next.is_ascii_alphabetic() || b"_{(".contains(next));
    let variable = shell
        && bytes[1..]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_{}():-.[]\"'".contains(byte));
    let constant = value.contains('_')
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    variable
        || constant
        || (opens && closes)
        || [
            "${", "{{", "}}", "$(", "<%", "=>", "()", "&&", "||", "->", "::", "://",
        ]
        .iter()
        .any(|code| value.contains(code))
}

/// `src/auth/token.ts`, `auth.token.read`, `@scope/name`: words joined by slashes or dots.
fn is_path(value: &str) -> bool {
    let parts: Vec<&str> = value
        .split(['/', '.', ':', '\\'])
        .filter(|part| !part.is_empty())
        .collect();
    let words = parts
        .iter()
        .filter(|part| {
            part.len() <= 2 || is_wordy(part) || part.bytes().all(|byte| byte.is_ascii_digit())
        })
        .count();
    parts.len() >= 3 && words * 2 >= parts.len() && parts.iter().all(|part| part.len() < 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wordy_and_random_letters_are_not() {
        for words in [
            "access-token-provider",
            "refreshTokenExpiredError",
            "gpt-4o-mini-realtime-preview",
            "session_context_manager_2",
        ] {
            assert!(is_wordy(words), "{words}");
        }
        for random in [
            "Zk3vQx9LpW7mTq2rHj8s",
            "a9f3k2l8qzx7w1vbn5m0",
            "hJkWqXvZbNpRtYlGfDsM",
        ] {
            assert!(!is_wordy(random), "{random}");
        }
    }

    #[test]
    fn references_are_not_values() {
        for code in [
            "${DB_PASSWORD}",
            "$PASSWORD",
            "<your-key>",
            "{{ secret }}",
            "getToken()",
            "%TOKEN%",
            "$(cat",
            "***",
        ] {
            assert!(is_reference(code), "{code}");
        }
        for value in ["pa$$w0rd", "$2b$10$N9qo8uLOickgx2ZMRZoMye", "a{b"] {
            assert!(!is_reference(value), "{value}");
        }
    }

    #[test]
    fn entropy_is_that_of_shannon() {
        assert!((entropy("abcd") - 2.0).abs() < 1e-12);
        assert!(entropy("aaaa").abs() < 1e-12);
    }
}
