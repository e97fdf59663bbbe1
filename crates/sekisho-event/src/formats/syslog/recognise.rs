//! Which of the formats a source is, by what its first lines are. They are
//! read by the same reader; the name says what most of them are.

use memchr::memrchr;

use super::line::{Message, What};
use super::records;

/// How many records are looked at once one was of these formats.
const RECORDS_LOOKED_AT: usize = 100;

/// How many lines of its own a device may print first.
const PROLOGUE_LINES_MAX: usize = 100;

/// The formats that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Cef,
    Leef,
    Firewall,
    Cisco,
    Syslog,
}

const KINDS: [Kind; 5] = [Kind::Cef, Kind::Leef, Kind::Firewall, Kind::Cisco, Kind::Syslog];

/// What a record is; `None` for what may be of any format.
fn kind(text: &str) -> Option<Kind> {
    let (message, what) = Message::read(text);
    match what {
        What::Cef(_) => Some(Kind::Cef),
        What::Leef(_) => Some(Kind::Leef),
        What::Cisco(_) => Some(Kind::Cisco),
        What::Firewall(_) => Some(Kind::Firewall),
        What::Audit | What::Netfilter | What::Json | What::Xml | What::Other => {
            let own = text.starts_with(|c: char| c.is_ascii_uppercase()) && is_own_log(&message);
            (message.head.sure || own).then_some(Kind::Syslog)
        }
    }
}

/// The logs that `clamd` and `vsftpd` write themselves.
fn is_own_log(message: &Message<'_>) -> bool {
    let body = message.head.body;
    message.head.time.is_some()
        && (body.starts_with("-> ") || body.starts_with("[pid ") && body.contains("Client \""))
}

/// The format of a source that begins so: at least half of its first records
/// must be of one of these formats.
pub(super) fn recognise(start: &[u8], whole: bool) -> Option<Kind> {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    let first = start.iter().find(|b| !b.is_ascii_whitespace())?;
    if matches!(first, b'{' | b'#') || start.starts_with(b"ElfFile\0") {
        return None;
    }
    // The last line may be cut off.
    let end = if whole { start.len() } else { memrchr(b'\n', start).unwrap_or(start.len()) };
    let start = start.get(..end)?;
    let (mut seen, mut told) = (0_usize, [0_usize; KINDS.len()]);
    for (from, to) in records::spans(start) {
        let record = start.get(from..to).unwrap_or_default();
        let is_known = told.iter().any(|n| *n > 0);
        if !is_known && record.starts_with(b"Log Buffer (") {
            // What `show logging` says of itself stands before this.
            seen = 0;
            continue;
        }
        // Words of `journalctl` about itself, and comments.
        if record.starts_with(b"-- ") || record.starts_with(b"#") {
            continue;
        }
        seen += 1;
        let found = kind(&String::from_utf8_lossy(record));
        let place = found.and_then(|found| KINDS.iter().position(|k| *k == found));
        if let Some(count) = place.and_then(|place| told.get_mut(place)) {
            *count += 1;
        }
        if seen >= if is_known { RECORDS_LOOKED_AT } else { PROLOGUE_LINES_MAX } {
            break;
        }
    }
    let all: usize = told.iter().sum();
    if all == 0 || all * 2 < seen {
        return None;
    }
    let most = told.iter().max()?;
    let place = told.iter().position(|n| n == most)?;
    KINDS.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_content() {
        let dump = "Syslog logging: enabled (0 messages dropped)\n\n".to_owned()
            + &"    Console logging: level debugging\n".repeat(30)
            + "\nLog Buffer (8192 bytes):\n\n*Mar  1 00:00:46: %SYS-5-RESTART: System restarted\n";
        let half = "%SYS-5-A: x\r\n\r\nno tag\r\n".repeat(10);
        let fewer = format!("no tag\nno tag\n{half}");
        for (text, expected) in [
            ("\u{feff}%SYS-5-A: x", Some(Kind::Cisco)),
            ("\n\n1: %SYS-5-A: x\n", Some(Kind::Cisco)),
            (&dump, Some(Kind::Cisco)),
            (&half, Some(Kind::Cisco)),
            (&fewer, None),
            ("", None),
            ("\n", None),
            ("no tag\n", None),
            ("{\"message\":\"1: %SYS-5-A: x\"}\n", None),
            ("\"message\": \"1: %SYS-5-A: x\",\n", None),
            ("#fields\tx\n%SYS-5-A: x\n", None),
            ("CEF:0|a|b|1|2|c|3|src=1.2.3.4\n", Some(Kind::Cef)),
            ("<13>Jan  2 03:04:05 h CEF:0|a|b|1|2|c|3|\n", Some(Kind::Cef)),
            ("LEEF:1.0|a|b|1|2|src=1.2.3.4\n", Some(Kind::Leef)),
            (
                "date=2024-01-02 time=03:04:05 logid=\"1\" type=\"event\" devname=\"f\"\n",
                Some(Kind::Firewall),
            ),
            (
                "1,2024/01/02 03:04:05,001,TRAFFIC,end,2561,2024/01/02 03:04:05,10.0.0.1\n",
                Some(Kind::Firewall),
            ),
            ("a=1 src=1.2.3.4 dst=5.6.7.8 b=2\n", Some(Kind::Firewall)),
            (
                "01/02-03:04:05.678901  [**] [1:2:3] a [**] [Priority: 0] {TCP} 1.2.3.4:5 -> 5.6.7.8:9\n",
                Some(Kind::Firewall),
            ),
            (
                "date=2024-01-02,time=03:04:05.678,device_id=F,log_id=1,type=spam\n",
                Some(Kind::Firewall),
            ),
            ("2024:01:02-03:04:05 h dhcpd: x\n", Some(Kind::Syslog)),
            ("- 1704164645 2024.01.02 n1 Jan 2 03:04:05 n1/n1 su: x\n", Some(Kind::Syslog)),
            ("<13>%SNMP-W-FAIL: x\n", Some(Kind::Cisco)),
            ("%SYSTEM-W-FAIL: x\n", None),
            ("Jan  2 03:04:05 h su: x\n", Some(Kind::Syslog)),
            (
                "-- Logs begin at Tue 2024-01-02 03:04:05 UTC. --\nJan  2 03:04:05 h su: x\n",
                Some(Kind::Syslog),
            ),
            ("Jan  2 03:04:05 h su: x\n  y\n  z\n  a\n", Some(Kind::Syslog)),
            ("Tue Jan  2 03:04:05 2024 -> /tmp/x: Y FOUND\n", Some(Kind::Syslog)),
            ("Tue Jan  2 03:04:05 2024 [pid 2] CONNECT: Client \"1.2.3.4\"\n", Some(Kind::Syslog)),
            ("[Tue Jan  2 03:04:05 2024] [error] x\n", None),
            ("type=SYSCALL msg=audit(1704164645.123:4): arch=c000003e src=1 dst=2\n", None),
            ("time=\"2024-01-02T03:04:05Z\" level=info msg=\"x\" a=b c=d\n", None),
            (
                "1.2.3.4 - - [02/Jan/2024:03:04:05 +0000] \"GET /?src=1&dst=2 HTTP/1.1\" 200 1\n",
                None,
            ),
            ("2024-01-02 03:04:05 W3SVC1 10.0.0.1 GET /a src=1 80\n", None),
            ("a,b,c\n1,2,3\n", None),
        ] {
            assert_eq!(recognise(text.as_bytes(), true), expected, "{text}");
        }
        assert_eq!(recognise(b"%SYS-5-A: x\n%SYS-5-B: x\nx\n%SYS", false), Some(Kind::Cisco));
        assert_eq!(recognise(b"%SYS-5-A: x\n\xff", true), Some(Kind::Cisco));
    }
}
