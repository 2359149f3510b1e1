//! Plain text out of the HTML of product descriptions.

/// The text of `html`: tags dropped, block ends become spaces, the common entities decoded, white space folded.
///
/// Descriptions are shown as text, so nothing of the markup has to survive; scripts and styles are dropped whole.
pub(super) fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text.push_str(before);
        // A lone `<` as in "sizes < 40" is text: a tag begins with a letter, `/` or `!`.
        if !tag[1..].starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '/' || letter == '!') {
            text.push('<');
            rest = &tag[1..];
            continue;
        }
        text.push(' ');
        rest = after_tag(tag);
    }
    text.push_str(rest);
    let decoded = decode_entities(&text);
    decoded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What follows the tag at the start of `tag`; for a script or style, what follows its end.
fn after_tag(tag: &str) -> &str {
    let lower = tag.get(..8).unwrap_or(tag).to_ascii_lowercase();
    for (open, close) in [("<script", "</script"), ("<style", "</style")] {
        if lower.starts_with(open) {
            let Some(end) = tag.to_ascii_lowercase().find(close) else { return "" };
            return tag[end..].find('>').map_or("", |close| &tag[end + close + 1..]);
        }
    }
    tag.find('>').map_or("", |end| &tag[end + 1..])
}

fn decode_entities(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        decoded.push_str(&rest[..start]);
        let tail = &rest[start..];
        let end = tail.char_indices().take(10).find(|&(_, letter)| letter == ';').map(|(position, _)| position);
        match end.and_then(|end| Some((entity(&tail[1..end])?, end))) {
            Some((letter, end)) => {
                decoded.push(letter);
                rest = &tail[end + 1..];
            }
            None => {
                decoded.push('&');
                rest = &tail[1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "ndash" => Some('–'),
        "mdash" => Some('—'),
        "rsquo" => Some('’'),
        "lsquo" => Some('‘'),
        "rdquo" => Some('”'),
        "ldquo" => Some('“'),
        "hellip" => Some('…'),
        "eacute" => Some('é'),
        "deg" => Some('°'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|letter| !letter.is_control())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn markup_goes_and_text_stays() {
        assert_eq!(plain_text("<p>Soft &amp; warm</p><ul><li>Wool</li><li>30&deg;</li></ul>"), "Soft & warm Wool 30°");
        assert_eq!(plain_text("a<script>alert('x')</script>b"), "a b");
        assert_eq!(plain_text("sizes < 40 &unknown; &#233;&#x20AC;"), "sizes < 40 &unknown; é€");
        assert_eq!(plain_text("<p unclosed"), "");
        assert_eq!(plain_text("é<b>ü"), "é ü");
    }
}
