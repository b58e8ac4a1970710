//! Secrets made at run time, so that none stands in the source, and the places where they turn up.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;

pub(super) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
pub(super) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BECH32: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
pub(super) const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WORD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
const DASHED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
pub(super) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const SYMBOLS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!#%^*_-+=?";

/// `length` characters of an alphabet.
pub(super) fn random(rng: &mut ChaCha8Rng, alphabet: &str, length: usize) -> String {
    let alphabet = alphabet.as_bytes();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
        .collect()
}

/// A pattern filled in: `{d10}` are ten digits, `{h32}` hexadecimal ones, and so on; other text stands for itself.
pub(super) fn fill(rng: &mut ChaCha8Rng, pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let close = open + rest[open..].find('}').unwrap();
        let (alphabet, length) = (
            &rest[open + 1..open + 2],
            rest[open + 2..close].parse().unwrap(),
        );
        let alphabet = match alphabet {
            "d" => DIGITS,
            "h" => HEX,
            "l" => LOWER,
            "u" => UPPER,
            "3" => BASE32,
            "q" => BECH32,
            "m" => MIXED,
            "a" => LETTERS,
            "w" => WORD,
            "_" => DASHED,
            "6" => BASE64,
            "s" => SYMBOLS,
            other => panic!("no alphabet {other}"),
        };
        out.push_str(&random(rng, alphabet, length));
        rest = &rest[close + 1..];
    }
    out + rest
}

/// Kinds with a shape of their own: a name and the pattern, its fixed prefix cut in two so that it is no match itself.
pub(super) const TOKENS: &[(&str, &str)] = &[
    ("Anthropic API key", "sk-|ant-api03-{_93}AA"),
    ("Anthropic admin key", "sk-|ant-admin01-{_93}AA"),
    ("Anthropic OAuth token", "sk-|ant-oat01-{_86}AA"),
    ("OpenAI project key", "sk-|proj-{_74}T3BlbkFJ{_74}"),
    (
        "OpenAI service account key",
        "sk-|svcacct-{_58}T3BlbkFJ{_58}",
    ),
    ("OpenAI legacy key", "sk|-{m20}T3BlbkFJ{m20}"),
    ("OpenRouter key", "sk-|or-v1-{h64}"),
    ("Groq key", "gsk|_{m52}"),
    ("xAI key", "xai|-{m80}"),
    ("Perplexity key", "pplx|-{m48}"),
    ("Replicate token", "r8|_{m37}"),
    ("Hugging Face token", "hf|_{a34}"),
    ("LangSmith key", "lsv2|_pt_{h32}_{h10}"),
    ("NVIDIA key", "nvapi|-{_64}"),
    ("Google API key", "AI|za{_35}"),
    ("Google OAuth client secret", "GOC|SPX-{_28}"),
    ("Google OAuth access token", "ya|29.{_160}"),
    ("AWS access key id", "AK|IA{316}"),
    ("AWS temporary key id", "AS|IA{316}"),
    ("AWS Bedrock key", "AB|SK{6132}"),
    ("Azure AD client secret", "{m3}8|Q~{_34}"),
    ("Azure storage key, bare", "{676}+A|St{65}A=="),
    ("GitHub personal token", "gh|p_{m36}"),
    ("GitHub OAuth token", "gh|o_{m36}"),
    ("GitHub user token", "gh|u_{m36}"),
    ("GitHub server token", "gh|s_{m36}"),
    ("GitHub refresh token", "gh|r_{m36}"),
    ("GitHub fine-grained token", "github|_pat_{m22}_{m59}"),
    ("GitLab personal token", "gl|pat-{_20}"),
    ("GitLab deploy token", "gl|dt-{_20}"),
    ("GitLab runner token", "gl|rt-{_20}"),
    ("GitLab trigger token", "gl|ptt-{h40}"),
    ("Atlassian token", "ATA|TT3{_186}"),
    ("Slack bot token", "xo|xb-{d12}-{d13}-{m24}"),
    ("Slack user token", "xo|xp-{d12}-{d12}-{d13}-{h32}"),
    ("Slack app token", "xa|pp-1-A{u10}-{d13}-{h64}"),
    (
        "Slack webhook",
        "https://hooks.sl|ack.com/services/T{u10}/B{u10}/{m24}",
    ),
    (
        "Discord webhook",
        "https://discord.com/api/web|hooks/{d18}/{_68}",
    ),
    ("Telegram bot token", "{d10}:A|A{_33}"),
    ("Stripe live key", "sk_|live_{m24}"),
    ("Stripe restricted key", "rk_|live_{m99}"),
    ("Stripe webhook secret", "wh|sec_{m32}"),
    ("Square access token", "sq0|atp-{_22}"),
    ("Shopify access token", "shp|at_{h32}"),
    ("Twilio API key", "S|K{h32}"),
    ("SendGrid key", "S|G.{_22}.{_43}"),
    ("Mailgun private key", "ke|y-{h32}"),
    ("Mailchimp key", "{h32}-|us14"),
    ("Resend key", "r|e_{m8}_{m24}"),
    ("npm token", "np|m_{m36}"),
    ("PyPI token", "pyp|i-AgEIcHlwaS5vcmc{_150}"),
    ("cargo registry token", "ci|o{m32}"),
    ("RubyGems key", "rubyg|ems_{h48}"),
    ("NuGet key", "oy|2{l43}"),
    ("Docker Hub token", "dckr|_pat_{_27}"),
    ("Artifactory key", "AKC|p{m69}"),
    ("DigitalOcean token", "dop|_v1_{h64}"),
    ("Heroku key", "HRK|U-AA{_58}"),
    ("Cloudflare origin CA key", "v1.|0-{h24}-{h146}"),
    ("Vercel Blob token", "vercel_bl|ob_rw_{m16}_{m30}"),
    ("Netlify token", "nf|p_{m40}"),
    ("Fly.io token", "fm|2_{6180}=="),
    ("Databricks token", "da|pi{h32}"),
    ("PlanetScale password", "pscale|_pw_{w43}"),
    ("Supabase token", "sb|p_{h40}"),
    ("Supabase secret key", "sb_sec|ret_{m31}_{m8}"),
    ("Neon password", "np|g_{m12}"),
    ("Airtable token", "pa|t{m14}.{h64}"),
    ("Vault service token", "hv|s.{_95}"),
    ("Vault batch token", "hv|b.{_150}"),
    ("Terraform token", "{m14}.atl|asv1.{_67}"),
    ("Pulumi token", "pu|l-{h40}"),
    ("Doppler token", "dp|.pt.{m43}"),
    ("Prefect key", "pn|u_{l36}"),
    ("Tailscale key", "ts|key-auth-{m12}-{m32}"),
    ("1Password secret key", "A|3-{u6}-{u6}-{u5}-{u5}-{u5}-{u5}"),
    ("age key", "AGE-SEC|RET-KEY-1{q58}"),
    ("Sentry user token", "snt|ryu_{h64}"),
    ("Sentry organisation token", "snt|rys_eyJpYXQiO{6120}_{643}"),
    ("Grafana service token", "gl|sa_{m32}_{h8}"),
    ("Grafana cloud token", "gl|c_{6120}"),
    ("New Relic key", "NR|AK-{u27}"),
    ("Dynatrace token", "dt0|c01.{u24}.{u64}"),
    ("Linear key", "lin|_api_{m40}"),
    ("Notion token", "nt|n_{d11}{m35}"),
    ("Figma token", "fi|gd_{_40}"),
    ("Postman key", "PM|AK-{h24}-{h34}"),
    ("Dropbox token", "s|l.{_135}"),
    ("Facebook page token", "EA|AC{m120}"),
    ("Sonar token", "sq|u_{h40}"),
    ("JSON web token", "ey|J{_33}.eyJ{_120}.{_43}"),
];

/// Bare values under a provider's name: what they are, the name, the pattern.
pub(super) const NAMED: &[(&str, &str, &str)] = &[
    ("AWS secret access key", "AWS_SECRET_ACCESS_KEY", "{640}"),
    ("AWS session token", "AWS_SESSION_TOKEN", "{6400}"),
    (
        "Azure storage account key",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "{686}==",
    ),
    ("Cloudflare API token", "CLOUDFLARE_API_TOKEN", "{_40}"),
    ("Cloudflare global key", "CLOUDFLARE_API_KEY", "{h37}"),
    ("Datadog API key", "DD_API_KEY", "{h32}"),
    ("Datadog application key", "DATADOG_APP_KEY", "{h40}"),
    (
        "Discord bot token",
        "DISCORD_BOT_TOKEN",
        "MT{m24}.{_6}.{_38}",
    ),
    ("Fastly token", "FASTLY_API_TOKEN", "{_32}"),
    ("Algolia admin key", "ALGOLIA_ADMIN_API_KEY", "{h32}"),
    ("Okta token", "OKTA_API_TOKEN", "00{_40}"),
    (
        "Heroku key, UUID",
        "HEROKU_API_KEY",
        "{h8}-{h4}-{h4}-{h4}-{h12}",
    ),
    ("Twilio auth token", "TWILIO_AUTH_TOKEN", "{h32}"),
    (
        "Mailgun signing key",
        "MAILGUN_SIGNING_KEY",
        "{h32}-{h8}-{h8}",
    ),
    ("Vercel token", "VERCEL_TOKEN", "{m24}"),
    ("Netlify auth token", "NETLIFY_AUTH_TOKEN", "{_43}"),
    ("Confluent secret", "CONFLUENT_API_SECRET", "{664}"),
    (
        "Twitter access secret",
        "TWITTER_ACCESS_TOKEN_SECRET",
        "{m45}",
    ),
    ("Jira token", "JIRA_API_TOKEN", "{m20}{h4}"),
];

/// Bare values under a name of no provider; these are judged, so that recall may stay below one.
pub(super) const JUDGED: &[(&str, &str, &str)] = &[
    ("password of symbols, 14", "DB_PASSWORD", "{s14}"),
    (
        "password of letters and digits, 16",
        "ADMIN_PASSWORD",
        "{m16}",
    ),
    ("secret of 32 letters and digits", "SESSION_SECRET", "{m32}"),
    ("secret of 44 base64", "NEXTAUTH_SECRET", "{643}="),
    ("secret of 64 hexadecimal", "JWT_SECRET", "{h64}"),
    ("API key of 32 hexadecimal", "MY_SERVICE_API_KEY", "{h32}"),
    (
        "API key of 24 letters and digits",
        "WEATHER_API_KEY",
        "{m24}",
    ),
    ("API key of 20 lower case", "BACKEND_APIKEY", "{l20}"),
    (
        "access token of 40 base64url",
        "PARTNER_ACCESS_TOKEN",
        "{_40}",
    ),
    ("token of 24 letters and digits", "DEPLOY_TOKEN", "{m24}"),
    ("encryption key of 44 base64", "ENCRYPTION_KEY", "{643}="),
    ("client secret of 36", "OAUTH_CLIENT_SECRET", "{_36}"),
];

/// Where a token turns up; `@` is the token.
pub(super) const CARRIERS: &[(&str, &str)] = &[
    (".env", "PORT=3000\nSERVICE=@\nDEBUG=1\n"),
    (".env, quoted", "SERVICE=\"@\"\n"),
    ("export", "$ export SERVICE='@' && npm start"),
    ("JSON", r#"{"config":{"value":"@","port":80}}"#),
    (
        "JSON in JSON",
        r#"{"content":"{\"value\": \"@\", \"n\": 1}\n"}"#,
    ),
    (
        "JSON, three deep",
        r#"{"a":"{\"b\":\"{\\\"c\\\":\\\"@\\\"}\"}"}"#,
    ),
    ("written line break", r#"{"stdout":"total 4\n@\nexit 0"}"#),
    (
        "curl header",
        "curl -s https://api.host.dev/v1 -H \"Authorization: Bearer @\" -d '{}'",
    ),
    (
        "curl header, own",
        "curl -H 'X-Service: @' https://api.host.dev",
    ),
    ("YAML", "service:\n  value: @\n  retries: 3\n"),
    ("prose", "Here is what I use: @, please do not share it."),
    ("prose, end of sentence", "I have put it in (@)."),
    (
        "query",
        "GET https://api.host.dev/v1/items?limit=5&k=@&page=2",
    ),
    (
        "log line",
        "2026-01-02T03:04:05Z INFO client started with=@ retries=3",
    ),
    (
        "TypeScript",
        "const client = new Client('@', { retries: 3 });",
    ),
    ("Markdown", "Use `@` for the call."),
    ("diff", "-  old\n+  const service = \"@\";\n"),
    ("colours", "\u{1b}[32m@\u{1b}[0m ok"),
    (
        "colours, written",
        r#"{"stdout":"\u001b[32m@\u001b[0m ok"}"#,
    ),
    ("listing", "     7→SERVICE=@\n     8→DEBUG=1"),
];

/// How a name is given a value; `#` is the name, `@` the value.
pub(super) const GIVEN: &[(&str, &str)] = &[
    (".env", "PORT=3000\n#=@\nDEBUG=1\n"),
    (".env, quoted", "#=\"@\"\n"),
    ("export", "$ export #='@' && npm start"),
    ("shell", "#='@' cargo run --release"),
    ("JSON", r##"{"env":{"#":"@","PORT":80}}"##),
    ("JSON, spaced", r##"{ "#" : "@" }"##),
    (
        "JSON in JSON",
        r##"{"content":"{\"#\": \"@\", \"n\": 1}\n"}"##,
    ),
    (
        "JSON, three deep",
        r##"{"a":"{\"b\":\"{\\\"#\\\":\\\"@\\\"}\"}"}"##,
    ),
    (".env in JSON", r##"{"stdout":"PORT=1\n#=@\nDEBUG=1"}"##),
    ("YAML", "env:\n  #: \"@\"\n  retries: 3\n"),
    ("YAML list", "env:\n  - name: #\n    value: \"@\"\n"),
    ("TypeScript", "const config = { #: '@', retries: 3 };"),
    ("TypeScript, typed", "const #: string = '@';"),
    ("Rust", "const #: &str = \"@\";"),
    ("Python", "os.environ[\"#\"] = \"@\"\n"),
    ("call", "setenv(\"#\", \"@\");"),
    (
        "log line",
        "2026-01-02T03:04:05Z INFO started #=\"@\" retries=3",
    ),
    ("flag", "docker run -e #=@ image"),
    ("XML", "<#>@</#>"),
    ("prose", "Set #: `@` and start again."),
];
