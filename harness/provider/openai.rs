//! OpenAI chat completions, as the vendor and many other servers speak them: bodies of requests, and what responses mean.
