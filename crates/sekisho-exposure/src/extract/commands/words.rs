//! Cuts text into commands and commands into words.

use super::calls::Call;

/// How a text is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shell {
    /// `cmd` and PowerShell: backslashes are parts of paths.
    Windows,
    /// `sh` and its like: a backslash takes the next letter as it is.
    Unix,
}

/// Stands in a word for a comma that was not in quotes: PowerShell's lists.
pub(super) const COMMA: char = '\u{1f}';

/// Commands of one text.
pub(super) const CALLS_MAX: usize = 2048;

/// Words of one command.
const WORDS_MAX: usize = 4096;

/// Where the next word goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    Argument,
    Input,
    Output,
    Nowhere,
}

struct Cutter {
    shell: Shell,
    calls: Vec<Call>,
    words: Vec<String>,
    input: Vec<String>,
    output: Vec<String>,
    word: String,
    in_word: bool,
    goes: Goes,
    piped: bool,
    /// Parentheses that were opened within the word.
    open: usize,
}

/// The commands of a text, in order.
pub(super) fn split(text: &str, shell: Shell) -> Vec<Call> {
    let mut cutter = Cutter {
        shell,
        calls: Vec::new(),
        words: Vec::new(),
        input: Vec::new(),
        output: Vec::new(),
        word: String::new(),
        in_word: false,
        goes: Goes::Argument,
        piped: false,
        open: 0,
    };
    cutter.cut(text);
    cutter.end_call(false);
    cutter.calls
}

impl Cutter {
    fn cut(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if self.calls.len() >= CALLS_MAX {
                return;
            }
            let after = rest.get(letter.len_utf8()..).unwrap_or_default();
            rest = self.letter(letter, after);
        }
    }

    /// Takes a letter, and says what is left to be read.
    fn letter<'t>(&mut self, letter: char, after: &'t str) -> &'t str {
        match letter {
            '"' => return self.quoted(after, '"'),
            '\'' if self.opens_quote(after) => return self.quoted(after, '\''),
            '^' | '`' if self.shell == Shell::Windows => return self.escaped(after),
            '\\' if self.shell == Shell::Unix => return self.escaped(after),
            ' ' | '\t' | '\r' => self.end_word(),
            '\n' | ';' => self.end_call(false),
            '|' => {
                let or = after.starts_with('|');
                self.end_call(!or);
                return after.strip_prefix('|').unwrap_or(after);
            }
            '&' => {
                // `2>&1`, `&>`.
                if self.goes == Goes::Output && !self.in_word {
                    self.goes = Goes::Nowhere;
                    return after;
                }
                self.end_call(false);
                return after.strip_prefix('&').unwrap_or(after);
            }
            '>' | '<' => return self.redirect(letter, after),
            '(' | '{' if !self.in_word => self.end_call(false),
            '(' | '{' => {
                self.open += 1;
                self.put(letter);
            }
            ')' | '}' if self.open > 0 => {
                self.open -= 1;
                self.put(letter);
            }
            ')' | '}' => self.end_call(false),
            ',' if self.shell == Shell::Windows => self.put(COMMA),
            _ => self.put(letter),
        }
        after
    }

    fn put(&mut self, letter: char) {
        self.word.push(letter);
        self.in_word = true;
    }

    /// Whether an apostrophe begins a quote: it stands at the beginning of a
    /// word or of a value, and there is another.
    fn opens_quote(&self, after: &str) -> bool {
        let begins = self.word.chars().last().is_none_or(|last| !last.is_alphanumeric());
        (self.shell == Shell::Unix || begins) && after.contains('\'')
    }

    fn quoted<'t>(&mut self, after: &'t str, quote: char) -> &'t str {
        self.in_word = true;
        let mut letters = after.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let next = letters.peek().map(|(_, next)| *next);
            if letter == quote {
                // Doubled, it stands for itself.
                if next == Some(quote) && self.shell == Shell::Windows {
                    self.word.push(quote);
                    letters.next();
                    continue;
                }
                return after.get(at + letter.len_utf8()..).unwrap_or_default();
            }
            let escape = quote == '"' && next == Some('"') && matches!(letter, '\\' | '`');
            if escape {
                // `"C:\dir\"` ends there, whatever the program makes of it.
                let ends = after.get(at + 2..).is_none_or(|rest| {
                    rest.chars().next().is_none_or(|c| c.is_whitespace() || c == '&')
                });
                if !(letter == '\\' && ends) {
                    self.word.push('"');
                    letters.next();
                    continue;
                }
            }
            self.word.push(letter);
        }
        ""
    }

    fn escaped<'t>(&mut self, after: &'t str) -> &'t str {
        let Some(letter) = after.chars().next() else { return after };
        let rest = after.get(letter.len_utf8()..).unwrap_or_default();
        match letter {
            '\r' => rest.strip_prefix('\n').unwrap_or(rest),
            '\n' => rest,
            _ => {
                self.put(letter);
                rest
            }
        }
    }

    fn redirect<'t>(&mut self, letter: char, after: &'t str) -> &'t str {
        // `2>` is a number of a stream, not a word.
        let stream =
            self.in_word && self.word.len() == 1 && self.word.starts_with(['0', '1', '2', '*']);
        let errors = stream && self.word.starts_with('2');
        if stream {
            self.word.clear();
            self.in_word = false;
        }
        self.end_word();
        self.goes = match letter {
            '<' => Goes::Input,
            _ if errors => Goes::Nowhere,
            _ => Goes::Output,
        };
        after.strip_prefix(letter).unwrap_or(after)
    }

    fn end_word(&mut self) {
        if !self.in_word {
            return;
        }
        self.in_word = false;
        self.open = 0;
        let word = std::mem::take(&mut self.word);
        let goes = std::mem::replace(&mut self.goes, Goes::Argument);
        let to = match goes {
            Goes::Argument => &mut self.words,
            Goes::Input => &mut self.input,
            Goes::Output => &mut self.output,
            Goes::Nowhere => return,
        };
        if to.len() < WORDS_MAX {
            to.push(word);
        }
    }

    /// Ends a command; `pipes` where its output goes to the next.
    fn end_call(&mut self, pipes: bool) {
        self.end_word();
        self.goes = Goes::Argument;
        let words = std::mem::take(&mut self.words);
        let piped = std::mem::replace(&mut self.piped, pipes);
        let nothing = |path: &String| {
            let path = path.to_ascii_lowercase();
            path == "nul" || path == "$null" || path == "/dev/null"
        };
        let (mut input, mut output) =
            (std::mem::take(&mut self.input), std::mem::take(&mut self.output));
        input.retain(|path| !nothing(path));
        output.retain(|path| !nothing(path));
        if words.is_empty() {
            self.piped |= piped;
            return;
        }
        let call = Call::of_words(words, self.shell);
        self.calls.push(Call { input, output, piped, ..call });
    }
}
