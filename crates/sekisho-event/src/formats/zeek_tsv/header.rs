//! The header of a Zeek log: what parts the columns, what they are called and
//! of what type they are.

/// What the header lines say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) separator: Vec<u8>,
    pub(super) set_separator: Vec<u8>,
    pub(super) empty_field: Vec<u8>,
    pub(super) unset_field: Vec<u8>,
    pub(super) path: Option<String>,
    pub(super) fields: Vec<String>,
    pub(super) types: Vec<Type>,
}

/// Of what kind the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Type {
    pub(super) scalar: Scalar,
    /// A set or vector of such values.
    pub(super) several: bool,
}

/// Of what kind one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    Text,
    Number,
    Bool,
}

impl Type {
    fn of(name: &str) -> Self {
        let inner = ["set[", "vector[", "table["].iter().find_map(|s| name.strip_prefix(s));
        let several = inner.is_some();
        let name = inner.map_or(name, |n| n.trim_end_matches(']'));
        let scalar = match name {
            "bool" => Scalar::Bool,
            "count" | "int" | "double" | "port" | "time" | "interval" | "counter" => Scalar::Number,
            _ => Scalar::Text,
        };
        Self { scalar, several }
    }
}

/// Whether a header line changes what the lines after it mean.
pub(super) fn counts(line: &[u8]) -> bool {
    const KEYS: [&[u8]; 7] = [
        b"#separator",
        b"#set_separator",
        b"#empty_field",
        b"#unset_field",
        b"#path",
        b"#fields",
        b"#types",
    ];
    KEYS.iter().any(|key| {
        line.strip_prefix(*key)
            .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_lowercase))
    })
}

/// Bytes with `\xNN` decoded; other backslashes stay.
pub(super) fn decoded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&b, tail)) = rest.split_first() {
        let code = match tail {
            [b'x', high, low, ..] if b == b'\\' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match code {
            Some((high, low)) => {
                out.push(high * 16 + low);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                out.push(b);
                rest = tail;
            }
        }
    }
    out
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

impl Header {
    /// Reads header lines; lines that are none are passed over.
    pub(super) fn parse(lines: &[u8]) -> Self {
        let mut header = Self {
            separator: b"\t".to_vec(),
            set_separator: b",".to_vec(),
            empty_field: b"(empty)".to_vec(),
            unset_field: b"-".to_vec(),
            path: None,
            fields: Vec::new(),
            types: Vec::new(),
        };
        for line in lines.split(|&b| b == b'\n') {
            header.line(line.strip_suffix(b"\r").unwrap_or(line));
        }
        header
    }

    fn line(&mut self, line: &[u8]) {
        if let Some(separator) = line.strip_prefix(b"#separator ") {
            self.separator = decoded(separator);
            if self.separator.is_empty() {
                self.separator = b"\t".to_vec();
            }
            return;
        }
        let mut columns = split(line, &self.separator);
        let key = columns.next().unwrap_or_default();
        let texts = columns.map(|c| String::from_utf8_lossy(&decoded(c)).into_owned());
        let texts: Vec<String> = texts.collect();
        let first = || texts.first().cloned().unwrap_or_default();
        match key {
            b"#set_separator" => self.set_separator = first().into_bytes(),
            b"#empty_field" => self.empty_field = first().into_bytes(),
            b"#unset_field" => self.unset_field = first().into_bytes(),
            b"#path" => self.path = Some(first()).filter(|p| !p.is_empty()),
            b"#fields" => self.fields = texts,
            b"#types" => self.types = texts.iter().map(|t| Type::of(t)).collect(),
            _ => {}
        }
    }

    /// Of what kind the values of a column are.
    pub(super) fn type_of(&self, column: usize) -> Type {
        self.types.get(column).copied().unwrap_or(Type { scalar: Scalar::Text, several: false })
    }
}

/// The parts of a line between separators.
pub(super) fn split<'a>(line: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        let found = match separator {
            [one] => memchr::memchr(*one, text),
            _ => memchr::memmem::find(text, separator).filter(|_| !separator.is_empty()),
        };
        let Some(at) = found else {
            rest = None;
            return Some(text);
        };
        rest = text.get(at + separator.len()..);
        text.get(..at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_separator() {
        let header = Header::parse(
            b"#separator \\x7c\\x7c\r\n#set_separator||;\n#unset_field||?\n#path||dns\n\
              #fields||ts||a\\x20b\n#types||time||set[count]\n",
        );
        assert_eq!(header.separator, b"||");
        assert_eq!(header.set_separator, b";");
        assert_eq!(header.unset_field, b"?");
        assert_eq!(header.path.as_deref(), Some("dns"));
        assert_eq!(header.fields, ["ts", "a b"]);
        assert_eq!(header.type_of(1), Type { scalar: Scalar::Number, several: true });
        let parts: Vec<_> = split(b"1||2||||3", b"||").collect();
        assert_eq!(parts, [b"1".as_slice(), b"2", b"", b"3"]);
    }

    #[test]
    fn lines_that_change_the_meaning() {
        for (line, yes) in [("#fields\tts", true), ("#close\t2020", false), ("#open", false)] {
            assert_eq!(counts(line.as_bytes()), yes);
        }
        assert_eq!(decoded(b"a\\x41\\xg1\\x4"), b"aA\\xg1\\x4");
    }
}
