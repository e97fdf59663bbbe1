//! Values that are not written as they are: text in hex digits, and addresses
//! of sockets.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Fields whose text comes from outside: quoted where it is harmless, and in
/// hex digits where it holds a space, a quote or anything that is not ASCII.
const UNTRUSTED: &[&str] = &[
    "acct",
    "cgroup",
    "cmd",
    "comm",
    "cwd",
    "data",
    "device",
    "dir",
    "disk",
    "exe",
    "file",
    "fs",
    "grp",
    "info",
    "interface",
    "key",
    "name",
    "net",
    "new-chardev",
    "new-disk",
    "new-fs",
    "new-net",
    "new-rng",
    "ocomm",
    "old-chardev",
    "old-disk",
    "old-fs",
    "old-net",
    "old-rng",
    "path",
    "proctitle",
    "profile",
    "root_dir",
    "sw",
    "vm",
    "watch",
];

/// Whether a field's unquoted value may be text in hex digits.
pub(super) fn is_untrusted(name: &str) -> bool {
    UNTRUSTED.binary_search(&name).is_ok()
}

/// Appends what hex digits (upper case, as the kernel writes them) say; where
/// they are none, appends nothing.
pub(super) fn hex(text: &str, out: &mut Vec<u8>) -> bool {
    let digit = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    let start = out.len();
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let fits = !pairs.is_empty()
        && rest.is_empty()
        && pairs.iter().all(|&[high, low]| match (digit(high), digit(low)) {
            (Some(high), Some(low)) => {
                out.push(high << 4 | low);
                true
            }
            _ => false,
        });
    if !fits {
        out.truncate(start);
    }
    fits
}

/// Whether the kernel would have written this in hex digits.
pub(super) fn needs_hex(bytes: &[u8]) -> bool {
    bytes.iter().any(|&b| b == b'"' || !(0x21..=0x7e).contains(&b))
}

/// Where a socket leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) ip: String,
    pub(super) port: String,
}

/// The address in a `sockaddr` in hex digits, as the kernel has it in memory.
pub(super) fn address(text: &str) -> Option<Address> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    if text.len() > 512 || !hex(text, &mut bytes) {
        return None;
    }
    let family = u16::from_le_bytes(*bytes.first_chunk::<2>()?);
    let port = u16::from_be_bytes(*bytes.get(2..)?.first_chunk::<2>()?);
    let ip = match family {
        2 => Ipv4Addr::from(*bytes.get(4..)?.first_chunk::<4>()?).to_string(),
        10 => Ipv6Addr::from(*bytes.get(8..)?.first_chunk::<16>()?).to_string(),
        _ => return None,
    };
    Some(Address { ip, port: port.to_string() })
}

/// The same as `ausearch` and enriched records say it:
/// `saddr_fam=inet laddr=1.2.3.4 lport=80`.
pub(super) fn named_address(text: &str) -> Option<Address> {
    let of = |name: &str| text.split([' ', '=']).skip_while(move |w| *w != name).nth(1);
    let ip = of("laddr")?.to_owned();
    Some(Address { ip, port: of("lport")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_hex_digits() {
        assert!(UNTRUSTED.is_sorted());
        let of = |text: &str| {
            let mut out = Vec::new();
            hex(text, &mut out).then(|| String::from_utf8_lossy(&out).into_owned())
        };
        assert_eq!(of("6C73002D6C").as_deref(), Some("ls\0-l"));
        for text in ["", "6", "6c", "6C7", "0x41", "zz", "é"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert!(needs_hex(b"a b") && needs_hex("é".as_bytes()) && needs_hex(b"\""));
        assert!(!needs_hex(b"/bin/ls"));
    }

    #[test]
    fn addresses() {
        let of = |text| address(text).map(|a| format!("{} {}", a.ip, a.port));
        assert_eq!(of("02000035646464640000000000000000").as_deref(), Some("100.100.100.100 53"));
        let six = "0A0001BB0000000020010DB800000000000000000000000100000000";
        assert_eq!(of(six).as_deref(), Some("2001:db8::1 443"));
        assert_eq!(of("01002F7661722F72756E"), None);
        assert_eq!(of("0200"), None);
        let named = named_address("saddr_fam=inet laddr=1.2.3.4 lport=80");
        assert_eq!(named, Some(Address { ip: "1.2.3.4".into(), port: "80".into() }));
        assert_eq!(named_address("saddr_fam=local path=/run/x"), None);
    }
}
