//! Each kind of object in the main kinds of logs, with an event that matches
//! and a twin that does not.

use super::*;

const CREATED: &str = "windows|Microsoft-Windows-Sysmon/Operational|1";
const CONNECTED: &str = "windows|Microsoft-Windows-Sysmon/Operational|3";
const LOADED: &str = "windows|Microsoft-Windows-Sysmon/Operational|7";
const FILE_MADE: &str = "windows|Microsoft-Windows-Sysmon/Operational|11";
const KEY_MADE: &str = "windows|Microsoft-Windows-Sysmon/Operational|12";
const VALUE_SET: &str = "windows|Microsoft-Windows-Sysmon/Operational|13";
const STREAM: &str = "windows|Microsoft-Windows-Sysmon/Operational|15";
const RESOLVED: &str = "windows|Microsoft-Windows-Sysmon/Operational|22";

const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";
const OTHER_MD5: &str = "e41e8ce98f00b204e9800998ecf8427e";
const SHA256: &str = "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f";
const OTHER_SHA256: &str = "bec070645fe53ee3b3763059376134f058cc337247c978bdd178b6ccdfb0019f";
const HASHES: &str = "SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,MD5=d41d8cd98f00b204e9800998ecf8427e,SHA256=AEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F";
const OTHER_HASHES: &str = "SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,MD5=e41d8cd98f00b204e9800998ecf8427e,SHA256=BEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F";

const BY_SHA256: &str =
    "[file:hashes.'SHA-256' = 'aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f']";
const BY_SHA256_LOUD: &str =
    "[file:hashes.sha256 = 'AEC070645FE53EE3B3763059376134F058CC337247C978ADD178B6CCDFB0019F']";
const BY_MD5: &str = "[file:hashes.MD5 = h'd41d8cd98f00b204e9800998ecf8427e']";
const BY_NAME_AND_MD5: &str =
    "[file:name = 'a.exe' AND file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']";
const BY_IMPHASH: &str =
    "[file:extensions.'windows-pebinary-ext'.imphash = 'd41d8cd98f00b204e9800998ecf8427e']";

type Case<'a> = (&'a str, &'a str, Fields<'a>, Fields<'a>);

fn check(cases: &[Case<'_>]) {
    for (pattern, place, event, twin) in cases {
        assert!(matches(pattern, place, event), "{pattern} on {place} {event:?}");
        assert!(!matches(pattern, place, twin), "{pattern} on {place}, the twin {twin:?}");
    }
}

const FILES_AND_HASHES: &[Case<'static>] = &[
    (
        "[file:name = 'CMD.exe']",
        CREATED,
        &[("Image", r"C:\Windows\cmd.EXE")],
        &[("Image", r"C:\cmd.exe\x")],
    ),
    (
        r"[file:name = 'c:\\windows\\cmd.exe']",
        CREATED,
        &[("Image", r"C:\Windows\cmd.exe")],
        &[("Image", r"D:\Windows\cmd.exe")],
    ),
    (
        r"[file:name = 'a.dll' AND file:parent_directory_ref.path = 'C:\\Windows\\System32']",
        LOADED,
        &[("ImageLoaded", r"C:\Windows\system32\A.dll")],
        &[("ImageLoaded", r"C:\Windows\a.dll"), ("Image", r"C:\Windows\System32\b.exe")],
    ),
    (
        r"[file:name LIKE '%\\temp\\%.exe']",
        FILE_MADE,
        &[("TargetFilename", r"C:\Temp\x.exe")],
        &[("TargetFilename", r"C:\Temp\x.exe.txt")],
    ),
    (
        r"[file:name MATCHES '^evil\\d+\\.dll$']",
        LOADED,
        &[("ImageLoaded", r"C:\Evil12.dll")],
        &[("ImageLoaded", r"C:\evil.dll")],
    ),
    (BY_SHA256, CREATED, &[("Hashes", HASHES)], &[("Hashes", OTHER_HASHES)]),
    (BY_SHA256_LOUD, CREATED, &[("Hashes", HASHES)], &[("Hashes", OTHER_HASHES)]),
    (BY_MD5, STREAM, &[("Hash", HASHES)], &[("Hash", OTHER_HASHES)]),
    (
        BY_NAME_AND_MD5,
        CREATED,
        &[("Image", r"C:\a.exe"), ("Hashes", HASHES)],
        &[("ParentImage", r"C:\a.exe"), ("Hashes", HASHES)],
    ),
    (
        BY_IMPHASH,
        CREATED,
        &[("Hashes", "MD5=0,IMPHASH=D41D8CD98F00B204E9800998ECF8427E")],
        &[("Hashes", HASHES)],
    ),
    (BY_SHA256, "zeek|files", &[("sha256", SHA256)], &[("sha256", OTHER_SHA256)]),
    (
        BY_SHA256,
        "defender|FileCreated",
        &[("SHA256", SHA256)],
        &[("InitiatingProcessCommandLine", SHA256)],
    ),
    (BY_MD5, "suricata|fileinfo", &[("fileinfo.md5", MD5)], &[("fileinfo.md5", OTHER_MD5)]),
    (
        "[file:hashes.SSDEEP = '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C']",
        "",
        &[("ssdeep", "3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C")],
        &[("ssdeep", "3:axGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C")],
    ),
    (
        "[file:name = 'x']",
        "linux|auditd|1302",
        &[("TargetFilename", "/tmp/x")],
        &[("TargetFilename", "/tmp/x/y")],
    ),
];

#[test]
fn files_and_hashes() {
    check(FILES_AND_HASHES);
}

const SERVICE: &str = "windows|System|7045";
const SERVICE_AUDITED: &str = "windows|Security|4697";
const TASK: &str = "windows|Microsoft-Windows-TaskScheduler/Operational|200";

#[test]
fn programs_of_services_and_tasks() {
    let evil = "[file:name = 'evil.exe']";
    let folder = r"[file:parent_directory_ref.path = 'C:\\Temp']";
    let both = r"[file:name = 'evil.exe' AND file:parent_directory_ref.path = 'c:\\temp']";
    let path = r"[file:name = 'C:\\Temp\\evil.exe']";
    for command in [
        r"C:\Temp\evil.exe",
        r"C:\Temp\evil.exe -k netsvcs",
        r#""C:\Temp\evil.exe" -s"#,
        r"C:\Temp\evil.exe /svc",
        r"C:\Temp\Evil.EXE C:\Windows\other.exe",
        r"\??\C:\Temp\evil.exe",
    ] {
        for (place, column) in
            [(SERVICE, "ImagePath"), (SERVICE_AUDITED, "ServiceFileName"), (TASK, "ActionName")]
        {
            for pattern in [evil, folder, both, path, r"[directory:path = 'C:\\Temp\\']"] {
                assert!(matches(pattern, place, &[(column, command)]), "{pattern} {command}");
            }
            let twins = ["svc", "netsvcs", "other.exe", "evil"];
            for twin in twins.map(|name| format!("[file:name = '{name}']")) {
                assert!(!matches(&twin, place, &[(column, command)]), "{twin} {command}");
            }
        }
    }
}

#[test]
fn the_whole_of_a_command_and_the_folder_of_the_system_match_too() {
    let service = |pattern: &str, command| matches(pattern, SERVICE, &[("ImagePath", command)]);
    assert!(service("[file:name LIKE '%evil.exe -k%']", r"C:\Temp\evil.exe -k netsvcs"));
    assert!(service("[file:name MATCHES 'netsvcs$']", r"C:\Temp\evil.exe -k netsvcs"));
    assert!(service("[process:command_line LIKE '% -k netsvcs']", r"C:\evil.exe -k netsvcs"));
    for command in [
        r"\SystemRoot\System32\drivers\e.sys",
        r"%SystemRoot%\system32\drivers\e.sys -x",
        r#""%windir%\system32\drivers\e.sys""#,
        r"system32\DRIVERS\e.sys",
        r"\??\C:\Windows\system32\drivers\e.sys",
    ] {
        assert!(
            service(r"[file:name = 'C:\\Windows\\System32\\drivers\\e.sys']", command),
            "{command}"
        );
        let folder = r"[file:parent_directory_ref.path = 'C:\\Windows\\System32\\drivers']";
        assert!(service(folder, command), "{command}");
    }
    // Without an ending the path may hold blanks, or arguments follow it.
    for name in ["My", "Svc"] {
        assert!(service(&format!("[file:name = '{name}']"), r"C:\Temp\My Folder\Svc"), "{name}");
    }
    assert!(!service("[file:name != 'evil.exe']", r"C:\Temp\evil.exe -k netsvcs"));
}

const ADDRESSES_AND_CONNECTIONS: &[Case<'static>] = &[
    (
        "[ipv4-addr:value = '198.51.100.1']",
        CONNECTED,
        &[("DestinationIp", "198.51.100.1")],
        &[("DestinationIp", "198.51.100.10")],
    ),
    (
        "[ipv4-addr:value = '198.51.100.1/32']",
        CONNECTED,
        &[("DestinationIp", "::ffff:198.51.100.1")],
        &[("DestinationIp", "::198.51.100.1")],
    ),
    (
        "[ipv4-addr:value = '198.51.100.0/24']",
        "zeek|conn",
        &[("id.resp_h", "198.51.100.77")],
        &[("id.resp_h", "198.51.101.77")],
    ),
    (
        "[ipv4-addr:value ISSUBSET '198.51.100.0/24']",
        "aws|cloudtrail",
        &[("sourceIPAddress", "198.51.100.77")],
        &[("sourceIPAddress", "s3.amazonaws.com")],
    ),
    (
        "[ipv4-addr:value NOT ISSUBSET '10.0.0.0/8']",
        "fortigate|traffic",
        &[("srcip", "11.0.0.1")],
        &[("srcip", "10.255.0.1")],
    ),
    (
        "[ipv4-addr:value ISSUBSET '198.51.100.0/24' AND ipv4-addr:value != '198.51.100.1']",
        "zeek|conn",
        &[("id.resp_h", "198.51.100.7")],
        &[("id.resp_h", "198.51.100.1"), ("id.orig_h", "10.0.0.1")],
    ),
    (
        "[ipv4-addr:value ISSUPERSET '198.51.100.7']",
        "zeek|conn",
        &[("id.resp_h", "198.51.100.7")],
        &[("id.resp_h", "198.51.100.8")],
    ),
    (
        "[ipv4-addr:value IN ('192.0.2.1', '192.0.2.128/25')]",
        "m365|Exchange",
        &[("ClientIP", "192.0.2.200:51234")],
        &[("ClientIP", "192.0.2.2")],
    ),
    (
        "[ipv6-addr:value = '2001:0DB8::0001']",
        "azure|signinlogs",
        &[("ipAddress", "2001:db8:0:0:0:0:0:1")],
        &[("ipAddress", "2001:db8::2")],
    ),
    (
        "[ipv6-addr:value ISSUBSET '2001:db8::/32']",
        "web|access",
        &[("c-ip", "2001:db8:ffff::1")],
        &[("c-ip", "2001:db9::1")],
    ),
    (
        "[ipv6-addr:value = 'fe80::1']",
        "windows|Security|4624",
        &[("IpAddress", "fe80::1%12")],
        &[("IpAddress", "fe80::2%1")],
    ),
    (
        "[ipv4-addr:value = '203.0.113.9']",
        RESOLVED,
        &[("QueryResults", "type:  5 a.example.com;::ffff:203.0.113.9;")],
        &[("QueryResults", "::ffff:203.0.113.8;")],
    ),
    (
        "[network-traffic:dst_ref.value = '203.0.113.33' AND network-traffic:dst_port = 443]",
        "zeek|conn",
        &[("id.resp_h", "203.0.113.33"), ("id.resp_p", "443")],
        &[("id.orig_h", "203.0.113.33"), ("id.resp_p", "443")],
    ),
    (
        "[network-traffic:dst_port IN (4444, 8443) AND network-traffic:protocols[*] = 'TCP']",
        "cisco|asa",
        &[("dst_port", "4444"), ("protocol", "tcp")],
        &[("dst_port", "4444"), ("protocol", "udp")],
    ),
    (
        "[network-traffic:src_port > 60000 AND network-traffic:src_port <= 61000.0]",
        "paloalto|TRAFFIC",
        &[("sport", "60001")],
        &[("sport", "61001")],
    ),
    (
        "[network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = 'Example.com']",
        "defender|ConnectionSuccess",
        &[("RemoteUrl", "example.com.")],
        &[("RemoteIP", "192.0.2.1")],
    ),
    (
        "[network-traffic:src_ref.value ISSUBSET '10.0.0.0/8' AND network-traffic:dst_ref.value ISSUBSET '192.0.2.0/24']",
        "suricata|flow",
        &[("src_ip", "10.1.1.1"), ("dest_ip", "192.0.2.4")],
        &[("src_ip", "192.0.2.4"), ("dest_ip", "10.1.1.1")],
    ),
    (
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' LIKE 'Evil/%']",
        "aws|cloudtrail",
        &[("userAgent", "Evil/2 (x)")],
        &[("userAgent", "evil/2")],
    ),
    (
        "[ipv6-addr:value = '2001:db8::5']",
        RESOLVED,
        &[("QueryResults", "fe80::1%12;2001:db8::5;203.0.113.9;")],
        &[("QueryResults", "fe80::1%12;2001:db8::6;203.0.113.9;")],
    ),
    (
        "[mac-addr:value = '00:00:5e:00:53:af']",
        "zeek|dhcp",
        &[("mac", "00-00-5E-00-53-AF")],
        &[("mac", "00:00:5e:00:53:ae")],
    ),
];

#[test]
fn addresses_and_connections() {
    check(ADDRESSES_AND_CONNECTIONS);
}

const NAMES_AND_ADDRESSES_OF_THE_WEB: &[Case<'static>] = &[
    (
        "[domain-name:value = 'Evil.Example.com.']",
        RESOLVED,
        &[("QueryName", "evil.example.com")],
        &[("QueryName", "notevil.example.com")],
    ),
    (
        "[domain-name:value = 'evil.example.com']",
        "zeek|dns",
        &[("query", "EVIL.example.com")],
        &[("query", "x.evil.example.com")],
    ),
    (
        "[domain-name:value = 'evil.example.com']",
        "zeek|ssl",
        &[("server_name", "evil.example.com")],
        &[("server_name", "evil.example.co")],
    ),
    (
        "[domain-name:value = 'evil.example.com']",
        "proxy|squid",
        &[("c-uri", "http://u@Evil.example.com:8080/x")],
        &[("c-uri", "http://a.com/evil.example.com")],
    ),
    (
        "[domain-name:value = 'evil.example.com']",
        "zeek|http",
        &[("host", "evil.example.com:8080")],
        &[("uri", "/evil.example.com")],
    ),
    (
        "[domain-name:value LIKE '%.example.com']",
        "suricata|tls",
        &[("tls.sni", "a.EXAMPLE.com")],
        &[("tls.sni", "a.example.com.org")],
    ),
    (
        "[domain-name:value = 'www.5z8.info' AND domain-name:resolves_to_refs[*].value = '198.51.100.1/32']",
        "zeek|dns",
        &[("query", "www.5z8.info"), ("answers", "a.b"), ("answers", "198.51.100.1")],
        &[("query", "www.5z8.info"), ("answers", "198.51.100.2")],
    ),
    (
        "[url:value = 'HTTP://Example.com:80/Foo?x=1']",
        "zeek|http",
        &[("host", "example.com"), ("uri", "/Foo?x=1")],
        &[("host", "example.com"), ("uri", "/foo?x=1")],
    ),
    (
        "[url:value = 'http://example.com/']",
        "zeek|http",
        &[("host", "example.com")],
        &[("host", "example.org")],
    ),
    (
        "[url:value = 'http://example.com/']",
        "iis|w3c",
        &[("cs-host", "Example.com")],
        &[("c-uri", "/")],
    ),
    (
        "[url:value = 'http://example.com/x']",
        "suricata|http",
        &[("http.url", "http://example.com/x")],
        &[("http.hostname", "example.com")],
    ),
    (
        "[url:value = 'https://example.com']",
        "zeek|http",
        &[("host", "example.com"), ("uri", "https://example.com/")],
        &[("host", "example.com"), ("uri", "/")],
    ),
    (
        "[url:value LIKE 'http://example.com/a/%']",
        "iis|w3c",
        &[("cs-host", "Example.com"), ("c-uri", "/a/b")],
        &[("cs-host", "example.com"), ("c-uri", "/b/a/")],
    ),
    (
        "[url:value MATCHES '/gate\\\\.php\\\\?id=[0-9]+$']",
        "proxy|squid",
        &[("c-uri", "http://192.0.2.1/x/gate.php?id=77")],
        &[("c-uri", "http://192.0.2.1/x/gate.php?id=")],
    ),
    (
        "[url:value = 'http://example.com/foo' OR url:value = 'http://example.com/bar']",
        "paloalto|URL",
        &[("misc", "http://example.com/bar")],
        &[("misc", "http://example.com/baz")],
    ),
    (
        "[url:value != 'http://example.com/']",
        "zeek|http",
        &[("host", "example.com"), ("uri", "/x")],
        &[("host", "example.com"), ("uri", "/")],
    ),
    (
        "[domain-name:value = 'host.example.com']",
        "web|access",
        &[("cs-host", "host.example.com")],
        &[("c-ip", "host.example.com")],
    ),
];

#[test]
fn names_and_addresses_of_the_web() {
    check(NAMES_AND_ADDRESSES_OF_THE_WEB);
}

const RUN: &str = r"[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Windows\\CurrentVersion\\Run' AND windows-registry-key:values[*].name = 'evil']";

const THE_REGISTRY: &[Case<'static>] = &[
    (
        RUN,
        VALUE_SET,
        &[("TargetObject", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Evil")],
        &[("TargetObject", r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\Good")],
    ),
    (
        RUN,
        "windows|Security|4657",
        &[
            ("ObjectName", r"\REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"),
            ("ObjectValueName", "Evil"),
        ],
        &[
            ("ObjectName", r"\REGISTRY\MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\RunOnce"),
            ("ObjectValueName", "Evil"),
        ],
    ),
    (
        r"[windows-registry-key:key = 'HKCU\\Software\\X']",
        KEY_MADE,
        &[("TargetObject", r"HKU\S-1-5-21-1-2-3-1001\Software\X")],
        &[("TargetObject", r"HKU\S-1-5-18\Software\X")],
    ),
    (
        r"[windows-registry-key:key = 'HKLM\\System\\ControlSet001\\Services\\x']",
        KEY_MADE,
        &[("TargetObject", r"HKLM\System\CurrentControlSet\Services\x")],
        &[("TargetObject", r"HKLM\System\CurrentControlSet\Services\x\y")],
    ),
    (
        r"[windows-registry-key:key LIKE 'HKLM\\Software\\%\\Run']",
        VALUE_SET,
        &[("TargetObject", r"HKLM\SOFTWARE\A\Run\v")],
        &[("TargetObject", r"HKU\SOFTWARE\A\Run\v")],
    ),
    (
        r"[windows-registry-key:key MATCHES '^hkey_local_machine\\\\software\\\\a']",
        VALUE_SET,
        &[("TargetObject", r"HKLM\SOFTWARE\A\Run\v")],
        &[("TargetObject", r"HKLM\SOFTWARE\B\Run\v")],
    ),
    (
        "[windows-registry-key:values[*].data = 'DWORD (0x00000001)']",
        VALUE_SET,
        &[("Details", "DWORD (0x00000001)")],
        &[("Details", "DWORD (0x00000002)")],
    ),
    (
        r"[windows-registry-key:key = 'HKLM\\Software\\A']",
        "defender|RegistryValueSet",
        &[("RegistryKey", r"HKEY_LOCAL_MACHINE\SOFTWARE\A")],
        &[("RegistryKey", r"HKEY_LOCAL_MACHINE\SOFTWARE\A\B")],
    ),
    (
        "[EXISTS windows-registry-key:values]",
        VALUE_SET,
        &[("Details", "x")],
        &[("TargetObject", "x")],
    ),
];

#[test]
fn the_registry() {
    check(THE_REGISTRY);
}

/// Patterns, keys that they find, and those that they do not.
const VIEWS_OF_THE_REGISTRY: &[(&str, &[&str], &[&str])] = &[
    (
        r"[windows-registry-key:key = 'HKCU\\Software\\Evil\\Run']",
        &[
            r"HKU\S-1-5-21-1-2-3-1001\Software\Evil\Run\v",
            r"HKU\S-1-12-1-111-222-333-444\Software\Evil\Run\v",
            r"\REGISTRY\USER\S-1-12-1-111-222-333-444\SOFTWARE\Evil\Run\v",
        ],
        &[r"HKU\S-1-5-18\Software\Evil\Run\v", r"HKU\S-1-12-1\Software\Evil\Run\v"],
    ),
    (
        r"[windows-registry-key:key LIKE 'HKLM\\SYSTEM\\ControlSet___\\Services\\Evil']",
        &[
            r"HKLM\System\ControlSet001\Services\Evil\Start",
            r"\REGISTRY\MACHINE\SYSTEM\ControlSet002\Services\Evil",
        ],
        &[r"HKLM\System\ControlSet01\Services\Evil\Start"],
    ),
    (
        r"[windows-registry-key:key LIKE 'HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet%\\Services\\Evil']",
        &[r"HKLM\System\ControlSet001\Services\Evil\Start"],
        &[r"HKLM\System\ControlSet001\Services\Evil2\Start"],
    ),
    (
        r"[windows-registry-key:key MATCHES '^HKEY_LOCAL_MACHINE.SYSTEM.ControlSet00[0-9].Services.Evil']",
        &[r"HKLM\System\ControlSet001\Services\Evil\Start"],
        &[r"HKLM\System\CurrentControlSet\Services\Evil\Start"],
    ),
    (
        r"[windows-registry-key:key LIKE '%\\CurrentControlSet\\Services\\Evil']",
        &[r"HKLM\System\ControlSet001\Services\Evil\Start"],
        &[],
    ),
    (
        r"[windows-registry-key:key = 'HKEY_CLASSES_ROOT\\evil\\shell']",
        &[
            r"HKU\S-1-5-21-1-2-3-1001_Classes\evil\shell",
            r"HKU\S-1-5-21-1-2-3-1001\Software\Classes\evil\shell",
            r"HKEY_CURRENT_USER\Software\Classes\evil\shell",
            r"HKLM\SOFTWARE\Classes\evil\shell\x",
            r"HKCR\evil\shell",
        ],
        &[r"HKU\S-1-5-21-1-2-3-1001\evil\shell", r"HKLM\SOFTWARE\evil\shell"],
    ),
    (
        r"[windows-registry-key:key LIKE 'HKCR\\evil\\%']",
        &[r"HKU\S-1-12-1-1-2_Classes\evil\shell", r"HKLM\SOFTWARE\Classes\evil\shell"],
        &[r"HKLM\SOFTWARE\Classes\good\shell"],
    ),
    (
        "[windows-registry-key:key MATCHES '^HKEY_CLASSES_ROOT.evil']",
        &[r"HKU\S-1-5-21-1_Classes\evil\shell", r"HKLM\SOFTWARE\Classes\evil\shell"],
        &[r"HKLM\SOFTWARE\Classes2\evil\shell"],
    ),
    (
        r"[windows-registry-key:key = 'HKLM\\SOFTWARE\\Classes\\evil']",
        &[r"HKCR\evil", r"HKLM\SOFTWARE\Classes\evil"],
        &[r"HKU\S-1-5-21-1-2-3-1001_Classes\evil"],
    ),
];

#[test]
fn views_of_the_registry() {
    for (pattern, found, others) in VIEWS_OF_THE_REGISTRY {
        for key in *found {
            assert!(matches(pattern, VALUE_SET, &[("TargetObject", key)]), "{pattern} {key}");
        }
        for key in *others {
            assert!(!matches(pattern, VALUE_SET, &[("TargetObject", key)]), "{pattern} {key}");
        }
    }
}

#[test]
fn names_of_values_may_be_paths() {
    let pattern = |name: &str| {
        let name = name.replace('\\', r"\\");
        format!(
            r"[windows-registry-key:key = 'HKLM\\SOFTWARE\\Layers' AND windows-registry-key:values[*].name = '{name}']"
        )
    };
    for name in [
        "plain",
        r"C:\Temp\evil.exe",
        r"\\host\share\evil.exe",
        r"\Device\HarddiskVolume3\evil.exe",
        r"%ProgramFiles%\evil.exe",
        r"\??\C:\Temp\evil.exe",
    ] {
        let key = format!(r"HKLM\SOFTWARE\Layers\{name}");
        assert!(matches(&pattern(name), VALUE_SET, &[("TargetObject", &key)]), "{key}");
        let apart = [("RegistryKey", r"HKLM\SOFTWARE\Layers"), ("RegistryValueName", name)];
        assert!(matches(&pattern(name), "defender|RegistryValueSet", &apart), "{name}");
    }
    let key = r"HKLM\SOFTWARE\Layers\C:\Temp\evil.exe";
    assert!(!matches(&pattern(r"Temp\evil.exe"), VALUE_SET, &[("TargetObject", key)]));
    // A parent of a key is not the key.
    let parent = r"[windows-registry-key:key = 'HKLM\\SOFTWARE']";
    assert!(!matches(parent, VALUE_SET, &[("TargetObject", key)]));
}

const PROCESSES: &[Case<'static>] = &[
    (
        "[process:name = 'fooproc' OR process:name = 'procfoo.exe']",
        CREATED,
        &[("Image", r"C:\procfoo.exe")],
        &[("Image", r"C:\procfoo.exe.exe")],
    ),
    (
        "[process:command_line MATCHES '^.+>-add x']",
        CREATED,
        &[("CommandLine", "a >-add x y")],
        &[("CommandLine", ">-add x")],
    ),
    (
        "[process:command_line LIKE '%-enc%']",
        "windows|Security|4688",
        &[("CommandLine", "powershell -enc AAA")],
        &[("CommandLine", "powershell -ENC AAA")],
    ),
    (
        "[process:name = 'a.exe' AND process:parent_ref.name = 'b.exe']",
        CREATED,
        &[("Image", r"C:\a.exe"), ("ParentImage", r"C:\b.exe")],
        &[("Image", r"C:\b.exe"), ("ParentImage", r"C:\a.exe")],
    ),
    (
        "[process:name = 'a.exe' AND process:command_line = 'x']",
        CREATED,
        &[("ParentImage", r"C:\a.exe"), ("ParentCommandLine", "x")],
        &[("Image", r"C:\a.exe"), ("ParentCommandLine", "x")],
    ),
    (
        "[process:name = 'a.exe' AND process:pid = 4660]",
        "windows|Security|4688",
        &[("NewProcessName", r"C:\a.exe"), ("NewProcessId", "0x1234")],
        &[("NewProcessName", r"C:\a.exe"), ("ProcessId", "0x1234")],
    ),
    (
        "[process:image_ref.name = 'a.exe']",
        "defender|ProcessCreated",
        &[("FolderPath", r"C:\A.exe")],
        &[("ProcessCommandLine", "a.exe")],
    ),
    (
        "[process:binary_ref.name = 'sh']",
        "linux|auditd|1309",
        &[("Image", "/bin/sh")],
        &[("Image", "/bin/bash")],
    ),
    ("[process:cwd = '/tmp']", "linux|auditd|1309", &[("cwd", "/tmp/")], &[("cwd", "/tmp/x")]),
    (
        "[process:creator_user_ref.account_login = 'eve']",
        CREATED,
        &[("User", r"CORP\Eve")],
        &[("User", r"EVE\bob")],
    ),
    ("[process:name != 'a.exe']", CREATED, &[("Image", r"C:\b.exe")], &[("Image", r"C:\a.exe")]),
    (
        "[process:name NOT LIKE '%.exe']",
        CREATED,
        &[("Image", "/bin/sh")],
        &[("Image", r"C:\a.exe")],
    ),
    (
        "[process:name NOT IN ('a.exe', 'b.exe')]",
        CREATED,
        &[("Image", "c.exe")],
        &[("Image", "B.exe")],
    ),
    (
        "[mutex:name = 'Global\\\\x']",
        "",
        &[("MutexName", r"Global\x")],
        &[("MutexName", r"global\x")],
    ),
];

#[test]
fn processes() {
    check(PROCESSES);
}

const MAIL_ACCOUNTS_AND_CERTIFICATES: &[Case<'static>] = &[
    (
        "[email-message:from_ref.value = 'eve@example.com']",
        "zeek|smtp",
        &[("from", "Eve <EVE@example.com>")],
        &[("to", "eve@example.com")],
    ),
    (
        "[email-message:to_refs[*].value = 'bob@example.com' AND email-message:subject = 'Invoice']",
        "exchange|Message Tracking Log",
        &[("recipient-address", "a@example.com;bob@example.com"), ("message-subject", "invoice")],
        &[("recipient-address", "a@example.com"), ("message-subject", "invoice")],
    ),
    (
        "[email-message:sender_ref.value = 'jdoe@example.com' AND email-message:subject LIKE '%conference%']",
        "defender|EmailEvents",
        &[("SenderMailFromAddress", "jdoe@example.com"), ("Subject", "The Conference 1")],
        &[("SenderFromAddress", "jdoe@example.com"), ("Subject", "The Conference 1")],
    ),
    (
        "[email-addr:value = 'drop@example.com']",
        "m365|Exchange",
        &[("Parameters.ForwardTo", "smtp:drop@example.com")],
        &[("Parameters.ForwardTo", "smtp:drop@example.org")],
    ),
    (
        "[user-account:account_login = 'eve']",
        "windows|Security|4624",
        &[("TargetUserName", "Eve")],
        &[("WorkstationName", "eve")],
    ),
    (
        "[user-account:user_id = 'S-1-5-21-1-2-3-500']",
        "windows|Security|4624",
        &[("TargetUserSid", "S-1-5-21-1-2-3-500")],
        &[("TargetUserSid", "S-1-5-21-1-2-3-501")],
    ),
    (
        "[user-account:user_id = 'eve@example.org']",
        "azure|signinlogs",
        &[("userPrincipalName", "EVE@example.org")],
        &[("userPrincipalName", "bob@example.org")],
    ),
    (
        "[user-account:user_id = 'arn:aws:iam::1:user/eve']",
        "aws|cloudtrail",
        &[("userIdentity.arn", "arn:aws:iam::1:user/eve")],
        &[("userIdentity.arn", "arn:aws:iam::1:user/bob")],
    ),
    (
        "[x509-certificate:issuer = 'CN=WEBMAIL' AND x509-certificate:serial_number = '0c:0b:1d:19']",
        "zeek|x509",
        &[("certificate.issuer", "CN=webmail"), ("certificate.serial", "0C0B1D19")],
        &[("certificate.subject", "CN=webmail"), ("certificate.serial", "0C0B1D19")],
    ),
    (
        "[x509-certificate:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']",
        "suricata|tls",
        &[("tls.fingerprint", "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09")],
        &[("tls.fingerprint", "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:08")],
    ),
];

#[test]
fn mail_accounts_and_certificates() {
    check(MAIL_ACCOUNTS_AND_CERTIFICATES);
}

#[test]
fn an_event_of_an_unknown_log_is_never_hidden() {
    assert!(matches("[ipv4-addr:value = '192.0.2.1']", "", &[("id.resp_h", "192.0.2.1")]));
    assert!(matches("[process:name = 'a.exe']", "", &[("NewProcessName", "a.exe")]));
    assert!(matches("[email-message:from_ref.value = 'a@b.c']", "", &[("from", "a@b.c")]));
}

#[test]
fn comparisons_of_one_type_are_of_one_object() {
    let pattern = "[(network-traffic:dst_port = 1 AND ipv4-addr:value = '192.0.2.1') OR domain-name:value = 'a.b']";
    assert!(matches(pattern, "zeek|conn", &[("id.resp_p", "1"), ("id.orig_h", "192.0.2.1")]));
    assert!(!matches(pattern, "zeek|conn", &[("id.resp_p", "2"), ("id.orig_h", "192.0.2.1")]));
    let both = "[ipv4-addr:value = '192.0.2.1' AND ipv4-addr:value = '192.0.2.2']";
    assert!(!matches(both, "zeek|conn", &[("id.resp_h", "192.0.2.1"), ("id.orig_h", "192.0.2.2")]));
    let nested = "[ipv4-addr:value ISSUBSET '192.0.2.0/24' AND (ipv4-addr:value != '192.0.2.1' OR domain-name:value = 'a.b')]";
    assert!(!matches(
        nested,
        "zeek|conn",
        &[("id.resp_h", "192.0.2.1"), ("id.orig_h", "10.0.0.1")]
    ));
    assert!(matches(nested, "zeek|conn", &[("id.resp_h", "192.0.2.2"), ("id.orig_h", "10.0.0.1")]));
}

#[test]
fn addresses_of_the_web_are_found_however_they_are_written() {
    let http =
        |pattern: &str, host, uri| matches(pattern, "zeek|http", &[("host", host), ("uri", uri)]);
    for url in [
        "http://evil.example/a/b#frag",
        "http://evil.example/a/../a/b",
        "http://evil.example/./a/b",
        "HTTP://Evil.Example.:80/a/b",
    ] {
        assert!(http(&format!("[url:value = '{url}']"), "evil.example", "/a/b"), "{url}");
        assert!(!http(&format!("[url:value = '{url}']"), "evil.example", "/A/b"), "{url}");
    }
    assert!(http("[url:value = 'http://evil.example/b']", "evil.example", "/a/../b"));
    assert!(http("[url:value LIKE '%/../%']", "evil.example", "/a/../b"));
    for like in ["HTTP://EVIL.EXAMPLE/%", "http://%.Example/a/b", "%EVIL.example:80/a%"] {
        let pattern = format!("[url:value LIKE '{like}']");
        let found = http(&pattern, "evil.example", "/a/b");
        assert_eq!(found, !like.contains(":80"), "{like}");
        assert!(!http(&pattern, "evil.example", "/A/b") || like.ends_with("/%"), "{like}");
    }
    // What the log writes is matched as well as the one spelling of it.
    assert!(matches(
        "[url:value LIKE 'HTTP://A.example:80/%']",
        "proxy|squid",
        &[("c-uri", "HTTP://A.example:80/x")]
    ));
    assert!(matches(
        "[url:value LIKE 'HTTP://A.example:80/%']",
        "proxy|squid",
        &[("c-uri", "http://a.example/x")]
    ));
    assert!(!http("[url:value NOT LIKE 'HTTP://EVIL.example/%']", "evil.example", "/a"));
    let redirect = "[url:value = 'http://evil.example/r?to=http://x.example/']";
    assert!(http(redirect, "evil.example", "/r?to=http://x.example/"));
}

#[test]
fn internationalised_names_match_in_both_their_forms() {
    let (plain, coded) = ("München.example", "xn--mnchen-3ya.example");
    for (ours, theirs) in [(plain, coded), (coded, plain), (plain, plain), (coded, coded)] {
        let host = theirs;
        for (pattern, event) in [
            (format!("[domain-name:value = '{ours}']"), ("host", host)),
            (format!("[domain-name:value LIKE '%{}']", &ours[1..]), ("host", host)),
            (format!("[url:value = 'http://{ours}/p']"), ("url", &*format!("http://{host}/p"))),
            (format!("[url:value LIKE 'http://{ours}/%']"), ("url", &*format!("http://{host}/p"))),
            (format!("[url:value = 'http://{ours}/']"), ("host", host)),
        ] {
            // With a wildcard in it a label has no other form.
            if pattern.contains("'%") && !ours.is_ascii() {
                assert!(refusal(&pattern).contains("xn-- form"), "{pattern}");
                continue;
            }
            let found = matches(&pattern, "zeek|http", &[event]);
            assert!(found, "{pattern} {event:?}");
        }
        let mail = format!("[email-message:from_ref.value = 'eve@{ours}']");
        let from = format!("Eve <eve@{theirs}>");
        assert!(matches(&mail, "zeek|smtp", &[("from", &from)]), "{mail}");
    }
    assert!(!matches("[domain-name:value = 'munchen.example']", "zeek|http", &[("host", coded)]));
}

#[test]
fn what_can_never_match_is_refused_by_name() {
    for (pattern, says) in [
        ("[file:size = 5]", "no log carries file:size"),
        ("[file:size = 5 AND file:name = 'x']", "no log carries file:size"),
        ("[network-traffic:dst_port = '443']", "never equal to the text \"443\""),
        ("[file:name = 5]", "never equal to a number"),
        ("[network-traffic:protocols[0] = 'tcp']", "no log carries network-traffic:protocols[0]"),
        ("[file:name ISSUBSET '10.0.0.0/8']", "no address"),
        ("[file:hashes.MD5 = 'f00']", "is not a hash of MD5"),
        ("[ipv4-addr:value = '10.0.0.300']", "is not an IPv4 address"),
        ("[ipv4-addr:value = '::1']", "is not an IPv4 address"),
        ("[ipv6-addr:value ISSUBSET '10.0.0.0/8']", "is not an IPv6 address"),
        ("[ipv4-addr:value ISSUBSET '10.0.0.0/33']", "is not an address or network"),
        ("[domain-name:value = '*.example.com']", "LIKE knows wildcards"),
        ("[url:value = 'example.com/x']", "with a scheme"),
        ("[url:value = 'hxxp://evil.example/x']", "defanged (hxxp)"),
        ("[url:value = 'hXXps://evil.example/x']", "defanged (hxxps)"),
        ("[url:value LIKE 'hxxp://evil.example/%']", "defanged (hxxp)"),
        ("[url:value = 'http://evil[.]example/x']", "defanged ([.])"),
        ("[url:value = 'http://evil(dot)example/x']", "defanged ((dot))"),
        ("[url:value LIKE '%evil[.]example/%']", "defanged ([.])"),
        ("[url:value = 'http://192.0.2[.]1/x']", "defanged ([.])"),
        (
            "[url:value = 'http://*.example.com/']",
            "\"*.example.com\" is not an address or the name",
        ),
        ("[url:value = 'http://a b/']", "is not an address or the name of a machine"),
        ("[url:value = 'http://ﬁn.example/']", "must be given in its xn-- form"),
        ("[domain-name:value = 'evil[.]example']", "defanged ([.])"),
        ("[domain-name:value LIKE '%.evil[.]example']", "defanged ([.])"),
        ("[domain-name:value = 'ｅvil.example']", "must be given in its xn-- form"),
        ("[domain-name:value LIKE 'mün%.example']", "in their xn-- form"),
        ("[email-addr:value = 'eve@evil[.]example']", "defanged ([.])"),
        ("[email-addr:value = 'eve@ev/il']", "is not an address or the name of a machine"),
        ("[NOT EXISTS file:name]", "not told by any log"),
        ("[file:name MATCHES '(']", "not a regular expression"),
        ("[file:name MATCHES 'a(?=b)']", "look-around"),
        (r"[file:name MATCHES '(a)\\1']", "look-around, back-references"),
        ("[file:name LIKE 'e\u{301}']", "NFC"),
        ("[file:name IN ()]", "compared with nothing"),
        ("[file:'hashes.MD5' = 'x']", "no log carries"),
        ("[file:name = 'x'] AND [file:size = 5]", "no log carries file:size"),
    ] {
        let found = refusal(pattern);
        assert!(found.contains(says), "{pattern}: {found}");
    }
}

#[test]
fn what_only_looks_defanged_is_looked_for() {
    for pattern in [
        "[url:value = 'http://evil.example/a[.]b']",
        "[url:value LIKE '%/a[.]b']",
        "[url:value = 'http://[2001:db8::1]/']",
        "[url:value = 'http://u:p@[2001:db8::1]:8080/']",
        "[url:value = 'ftp://192.0.2.1:2121/x']",
        "[url:value = 'http://a_b.example']",
        "[email-addr:value = 'eve@[192.0.2.1]']",
        "[domain-name:value MATCHES 'evil[.]example$']",
    ] {
        assert_eq!(load_patterns(&[pattern]).refused, Vec::new(), "{pattern}");
    }
}

#[test]
fn an_alternative_that_no_log_carries_is_passed_over_and_told() {
    let pattern = "[(file:name = 'pdf.exe' OR file:size = '371712') OR file:created = t'2014-01-13T07:03:17Z']";
    let found = indicators(&[pattern]);
    let told: Vec<&str> = found[0].passed_over.iter().map(|t| &**t).collect();
    assert_eq!(told, ["no log carries file:size", "no log carries file:created"]);
    assert!(found[0].to_json()["indicator"]["passed_over"].is_array());
    assert!(matches(pattern, "", &[("TargetFilename", "pdf.exe")]));
    let joined = indicators(&["[file:name = 'a'] OR [file:size = 5] AND [file:name = 'b']"]);
    assert!(!joined[0].needs_several_events());
}
