//! Prompts: a getty or a shell waits for input on the line where the kernel begins to print.

/// Bytes of a prompt that are looked at.
const MAX_PROMPT: usize = 64;

/// What ends the prompt of a getty.
const LOGIN: &str = " login: ";

/// The text after a prompt; all of it where there is none.
pub(super) fn behind(text: &str) -> &str {
    let rest = behind_login(text).or_else(|| behind_shell(text));
    // A prompt alone on its line is a line of its own.
    rest.filter(|rest| !rest.is_empty()).unwrap_or(text)
}

/// `buildroot login: `.
fn behind_login(text: &str) -> Option<&str> {
    let (host, rest) = text.split_at_checked(head(text).find(LOGIN)?)?;
    let is_host = !host.is_empty() && !host.contains(char::is_whitespace);
    is_host.then(|| &rest[LOGIN.len()..])
}

/// `root@host:~# `, `[root@host ~]# `, `/ # `, `bash-5.2# `. A bare `# ` is a comment or a headline.
fn behind_shell(text: &str) -> Option<&str> {
    let head = head(text);
    let end = memchr::memchr2(b'#', b'$', head.as_bytes())?;
    let rest = text[end + 1..].strip_prefix(' ')?;
    let prompt = head[..end].trim_end();
    let has_user = || {
        prompt
            .split_once('@')
            .is_some_and(|(user, _)| is_word(user))
    };
    let is_path = || prompt.starts_with(['/', '~']) && is_word(prompt);
    let is_shell = || {
        let version = prompt
            .strip_prefix("bash-")
            .or_else(|| prompt.strip_prefix("sh-"));
        version.is_some_and(is_word)
    };
    (has_user() || is_path() || is_shell()).then_some(rest)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(MAX_PROMPT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::behind;

    #[test]
    fn the_kernel_prints_behind_the_prompt_of_a_getty_or_a_shell() {
        for prompt in [
            "buildroot login: ",
            "(none) login: ",
            "root@host:~# ",
            "[root@host ~]# ",
            "user@host:/tmp$ ",
            "/ # ",
            "~ # ",
            "bash-5.2# ",
        ] {
            assert_eq!(behind(&format!("{prompt}BUG: x")), "BUG: x", "{prompt}");
            assert_eq!(behind(prompt), prompt);
        }
    }

    #[test]
    fn comments_and_prose_are_no_prompts() {
        for text in [
            "# BUG: x",
            "## WARNING: x",
            "I saw this at login: BUG: x",
            "CPU#1 BUG: x",
            "costs 3$ BUG: x",
            " \u{e9}# x",
        ] {
            assert_eq!(behind(text), text);
        }
    }
}
