//! Names for numbers: types of records and system calls. Raw records have the
//! numbers, and rules are written with the names.

use std::sync::LazyLock;

use hashbrown::HashMap;

const SYSCALLS: &str = include_str!("../../../data/syscalls.txt");

/// Types that are met as numbers, since the kernel writes them so into its own
/// log and old tools do not know the newest.
const TYPES: &[(u32, &str)] = &[
    (1100, "USER_AUTH"),
    (1101, "USER_ACCT"),
    (1103, "CRED_ACQ"),
    (1104, "CRED_DISP"),
    (1105, "USER_START"),
    (1106, "USER_END"),
    (1107, "USER_AVC"),
    (1112, "USER_LOGIN"),
    (1123, "USER_CMD"),
    (1124, "USER_TTY"),
    (1130, "SERVICE_START"),
    (1131, "SERVICE_STOP"),
    (1300, "SYSCALL"),
    (1302, "PATH"),
    (1305, "CONFIG_CHANGE"),
    (1306, "SOCKADDR"),
    (1307, "CWD"),
    (1309, "EXECVE"),
    (1318, "OBJ_PID"),
    (1319, "TTY"),
    (1320, "EOE"),
    (1321, "BPRM_FCAPS"),
    (1322, "CAPSET"),
    (1323, "MMAP"),
    (1325, "NETFILTER_CFG"),
    (1326, "SECCOMP"),
    (1327, "PROCTITLE"),
    (1328, "FEATURE_CHANGE"),
    (1330, "KERN_MODULE"),
    (1331, "FANOTIFY"),
    (1334, "BPF"),
    (1335, "EVENT_LISTENER"),
    (1336, "URINGOP"),
    (1337, "OPENAT2"),
    (1338, "DM_CTRL"),
    (1339, "DM_EVENT"),
    (1400, "AVC"),
    (1403, "MAC_POLICY_LOAD"),
    (1404, "MAC_STATUS"),
    (1700, "ANOM_PROMISCUOUS"),
    (1701, "ANOM_ABEND"),
    (1702, "ANOM_LINK"),
    (1703, "ANOM_CREAT"),
    (1006, "LOGIN"),
];

/// The name of a type that is written as a number, or the type as it is.
pub(super) fn kind(written: &str) -> &str {
    let inner = written.strip_prefix("UNKNOWN[").and_then(|n| n.strip_suffix(']'));
    let Ok(number) = inner.unwrap_or(written).parse::<u32>() else { return written };
    TYPES.iter().find(|(n, _)| *n == number).map_or(written, |(_, name)| name)
}

type Calls = HashMap<&'static str, Vec<&'static str>>;

static CALLS: LazyLock<Calls> = LazyLock::new(|| {
    let mut calls = Calls::new();
    let mut arch = "";
    let words = SYSCALLS.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace);
    for word in words {
        if let Some(name) = word.strip_suffix(':') {
            arch = name;
            continue;
        }
        let names = calls.entry(arch).or_default();
        match word.parse::<usize>() {
            Ok(number) => names.resize(number.min(4_096), ""),
            Err(_) => names.push(word),
        }
    }
    calls
});

/// The name of a system call.
pub(super) fn syscall(arch: &str, number: &str) -> Option<&'static str> {
    let number: usize = number.parse().ok()?;
    CALLS.get(arch)?.get(number).copied().filter(|name| !name.is_empty())
}

/// Whether a field is an argument of a program: `a0`, `a12`, `a2[0]`, `a2_len`.
pub(super) fn is_argument(name: &str) -> bool {
    name.strip_prefix('a').is_some_and(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let tail = rest.get(digits..).unwrap_or_default();
        digits > 0 && (tail.is_empty() || tail == "_len" || tail.starts_with('['))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_names() {
        for (arch, number, name) in [
            ("c000003e", "0", Some("read")),
            ("c000003e", "59", Some("execve")),
            ("c000003e", "135", Some("personality")),
            ("c000003e", "322", Some("execveat")),
            ("40000003", "11", Some("execve")),
            ("40000003", "362", Some("connect")),
            ("c00000b7", "221", Some("execve")),
            ("c00000b7", "203", Some("connect")),
            ("c00000b7", "56", Some("openat")),
            ("c000003e", "400", None),
            ("c0000016", "59", None),
            ("c000003e", "-1", None),
        ] {
            assert_eq!(syscall(arch, number), name, "{arch} {number}");
        }
        assert_eq!(kind("1400"), "AVC");
        assert_eq!(kind("UNKNOWN[1334]"), "BPF");
        assert_eq!(kind("9999"), "9999");
        assert_eq!(kind("SYSCALL"), "SYSCALL");
    }

    #[test]
    fn arguments() {
        assert!(["a0", "a10", "a1[0]", "a1_len"].into_iter().all(is_argument));
        assert!(!["argc", "a", "auid", "a1x", "b0"].into_iter().any(is_argument));
    }
}
