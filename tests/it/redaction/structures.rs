//! Secrets in structures: key blocks, URLs, headers, cookies, command lines, connection strings.

use rand::rngs::ChaCha8Rng;

use super::kinds::{BASE64, fill, random};

/// Structures around a value of no shape, which is judged.
pub(super) const MADE_UP: &[&str] = &[
    "Authorization: bearer, in code",
    "Authorization: Bearer",
    "--password flag",
    "--token= flag",
    ".netrc",
    "connection string, ADO",
    "NuGet configuration",
    "Ruby hash",
    "query ?access_token=",
    "Cookie",
    "Set-Cookie",
    "curl -b",
    "git remote with token",
    "X-Api-Key",
    "X-Api-Key in JSON",
    "Authorization: Token",
];

/// A text and the secret in it.
pub(super) type Make = fn(&mut ChaCha8Rng) -> (String, String);

pub(super) fn structures() -> Vec<(&'static str, Make)> {
    fn pem(rng: &mut ChaCha8Rng, label: &str, break_: &str, lines: usize) -> (String, String) {
        let body: Vec<String> = (0..lines).map(|_| random(rng, BASE64, 64)).collect();
        let text = format!(
            "-----BEGIN {label}-----{break_}{}{break_}-----END {label}-----",
            body.join(break_)
        );
        (text, body.concat())
    }
    vec![
        ("PEM private key", |rng| {
            pem(rng, "RSA PRIVATE KEY", "\n", 25)
        }),
        ("PEM, written line breaks", |rng| {
            pem(rng, "PRIVATE KEY", "\\n", 25)
        }),
        ("PEM, escaped twice", |rng| {
            pem(rng, "EC PRIVATE KEY", "\\\\n", 3)
        }),
        ("PEM, CRLF", |rng| {
            pem(rng, "ENCRYPTED PRIVATE KEY", "\r\n", 25)
        }),
        ("PEM, one line of Ed25519", |rng| {
            pem(rng, "PRIVATE KEY", "\n", 1)
        }),
        ("OpenSSH private key", |rng| {
            pem(rng, "OPENSSH PRIVATE KEY", "\n", 6)
        }),
        ("PGP private key", |rng| {
            pem(rng, "PGP PRIVATE KEY BLOCK", "\n", 30)
        }),
        ("PEM in a listing", |rng| {
            pem(rng, "PRIVATE KEY", "\n    12→", 25)
        }),
        ("PEM in string literals", |rng| {
            pem(rng, "PRIVATE KEY", "\\n\" +\n  \"", 10)
        }),
        ("PEM, cut", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\n", 25);
            (
                format!("{} ... (output truncated)", &text[..700]),
                body[..600].to_owned(),
            )
        }),
        ("PEM, cut, in a listing", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\n    12→", 25);
            (
                text[..text.floor_char_boundary(400)].to_owned(),
                body[..200].to_owned(),
            )
        }),
        ("service account JSON", |rng| {
            let (text, body) = pem(rng, "PRIVATE KEY", "\\n", 26);
            let email = "robot@project.iam.gserviceaccount.com";
            (
                format!(
                    r#"{{"type":"service_account","private_key":"{text}\n","client_email":"{email}"}}"#
                ),
                body,
            )
        }),
        ("PostgreSQL URL", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!(
                    "DATABASE_URL=postgresql://app:{body}@db.host.dev:5432/app?sslmode=require"
                ),
                body,
            )
        }),
        ("MongoDB URL", |rng| {
            let body = fill(rng, "{s18}");
            let body = body.replace(['#', '?', '%'], "x");
            (
                format!(
                    "mongoose.connect('mongodb+srv://app:{body}@cluster0.ab1cd.mongodb.net/app')"
                ),
                body,
            )
        }),
        ("Redis URL without user", |rng| {
            let body = fill(rng, "{m24}");
            (
                format!(r#"{{"REDIS_URL":"rediss://:{body}@eu1.host.dev:6380"}}"#),
                body,
            )
        }),
        ("AMQP URL, percent-encoded", |rng| {
            let (head, tail) = (fill(rng, "{m9}"), fill(rng, "{m9}"));
            (
                format!("amqps://app:{head}%40{tail}@host/vhost"),
                format!("{head}%40{tail}"),
            )
        }),
        ("git remote with token", |rng| {
            let body = fill(rng, "{h40}");
            (
                format!("origin\thttps://{body}@git.host.dev/team/app.git (fetch)"),
                body,
            )
        }),
        ("basic-auth URL", |rng| {
            let body = fill(rng, "{l12}");
            (
                format!("curl https://deploy:{body}@registry.host.dev/v2/"),
                body,
            )
        }),
        ("Authorization: Bearer", |rng| {
            let body = fill(rng, "{_40}");
            (
                format!("> GET /v1/me HTTP/2\n> Authorization: Bearer {body}\n> Accept: */*"),
                body,
            )
        }),
        ("Authorization: bearer, in code", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("headers: {{ 'authorization': 'bearer {body}' }}"),
                body,
            )
        }),
        ("Authorization: Basic", |rng| {
            let body = base64(&fill(rng, "app:{m20}"));
            (format!("Authorization: Basic {body}\r\n"), body)
        }),
        ("Authorization: Token", |rng| {
            let body = fill(rng, "{m40}");
            (
                format!("curl -H \"Authorization: Token {body}\" https://host.dev"),
                body,
            )
        }),
        ("X-Api-Key", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("curl -H 'x-api-key: {body}' https://host.dev"),
                body,
            )
        }),
        ("X-Api-Key in JSON", |rng| {
            let body = fill(rng, "{h32}");
            (
                format!(r#"{{"input":"curl -H \"X-API-Key: {body}\" https://host.dev"}}"#),
                body,
            )
        }),
        ("Cookie", |rng| {
            let body = fill(rng, "{_43}");
            (
                format!("Cookie: theme=dark; sessionid={body}; lang=en"),
                body,
            )
        }),
        ("Set-Cookie", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("< set-cookie: __Host-sid={body}; Path=/; HttpOnly; Secure"),
                body,
            )
        }),
        ("curl -b", |rng| {
            let body = fill(rng, "{m32}");
            (
                format!("curl --cookie 'connect.sid={body}' https://host.dev"),
                body,
            )
        }),
        ("curl -u", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!("curl -s -u admin:{body} https://host.dev/api"),
                body,
            )
        }),
        ("curl --user, quoted", |rng| {
            let body = fill(rng, "{s16}");
            (
                format!("curl --user \"admin:{body}\" https://host.dev/api"),
                body,
            )
        }),
        ("curl -u in JSON", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!(r#"{{"command":"curl -u \"admin:{body}\" https://host.dev/api"}}"#),
                body,
            )
        }),
        ("--password flag", |rng| {
            let body = fill(rng, "{m16}");
            (
                format!("mysqldump --user app --password {body} app > dump.sql"),
                body,
            )
        }),
        ("--token= flag", |rng| {
            let body = fill(rng, "{m24}");
            (format!("npx deploy --prod --token={body}"), body)
        }),
        ("query ?access_token=", |rng| {
            let body = fill(rng, "{_40}");
            (
                format!("GET /v1/me?access_token={body}&fields=id HTTP/1.1"),
                body,
            )
        }),
        (".npmrc", |rng| {
            let body = fill(rng, "{h8}-{h4}-{h4}-{h4}-{h12}");
            (format!("//registry.example/:_authToken={body}\n"), body)
        }),
        (".netrc", |rng| {
            let body = fill(rng, "{m20}");
            (
                format!("machine host.dev login app password {body}\n"),
                body,
            )
        }),
        ("connection string, ADO", |rng| {
            let body = fill(rng, "{m18}");
            (
                format!("Server=tcp:db.host.dev;User ID=app;Password={body};Encrypt=true;"),
                body,
            )
        }),
        ("connection string, Azure storage", |rng| {
            let body = fill(rng, "{686}==");
            (
                format!(
                    "DefaultEndpointsProtocol=https;AccountName=app;AccountKey={body};EndpointSuffix=core.windows.net"
                ),
                body,
            )
        }),
        ("SAS URL", |rng| {
            let body = fill(rng, "{m43}%3D");
            (
                format!(
                    "https://app.blob.core.windows.net/c/f?sv=2024-11-04&se=2026-01-01&sp=r&sig={body}"
                ),
                body,
            )
        }),
        ("aws configure", |rng| {
            let body = fill(rng, "{640}");
            (
                format!(
                    "AWS Secret Access Key [None]: {body}\nDefault region name [None]: eu-west-1"
                ),
                body,
            )
        }),
        ("AWS key pair, CSV", |rng| {
            let body = fill(rng, "{640}");
            (
                fill(rng, "Access key ID,Secret access key\nAK") + &fill(rng, "IA{316},") + &body,
                body,
            )
        }),
        ("NuGet configuration", |rng| {
            let body = fill(rng, "{m20}");
            (
                format!(r#"<add key="ClearTextPassword" value="{body}" />"#),
                body,
            )
        }),
        ("Ruby hash", |rng| {
            let body = fill(rng, "{m20}");
            (format!(":password => '{body}', 'secret' => '{body}'"), body)
        }),
    ]
}

fn base64(text: &str) -> String {
    let alphabet = BASE64.as_bytes();
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(alphabet[(bits >> (18 - 6 * at) & 63) as usize]));
        }
    }
    out + &"=".repeat((4 - out_len(text)) % 4)
}

fn out_len(text: &str) -> usize {
    (text.len() * 4).div_ceil(3) % 4
}
