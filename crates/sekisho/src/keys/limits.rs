//! Limits on what belongs to keys: names, files, passphrases, work.

/// Longest name of a key, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// Largest file that is read as a key file, in bytes. Ours have about 500.
pub const KEY_FILE_BYTES_MAX: usize = 16 << 10;

/// Longest private key line, in bytes: the longest name with 71 bytes around it, with room.
pub const KEY_LINE_BYTES_MAX: usize = 512;

/// Largest file that is read as one of the small files beside the keys (public keys, the name of
/// the default key, the generated passphrase), in bytes.
pub const SMALL_FILE_BYTES_MAX: usize = 4 << 10;

/// Longest passphrase, in bytes.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

/// Fewest characters of a new passphrase that a person chose. Who has copied a key file may guess
/// for ever, with no one counting the attempts; for a secret that stands alone NIST SP 800-63B-4
/// (3.1.1.2) asks for 15.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 15;

/// Fewest different characters in it, so that one key held down does not pass.
pub const PASSPHRASE_DISTINCT_MIN: usize = 8;

/// Characters of a generated passphrase, of 5 random bits each: 160 bits.
pub const GENERATED_CHARACTERS: usize = 32;

/// scrypt's work for a passphrase that a person chose, as the logarithm of N: 128 MiB and about
/// half a second a guess (the first choice of OWASP's Password Storage Cheat Sheet), for the
/// guesser as for us.
pub const SCRYPT_WORK_CHOSEN_LOG2: u8 = 17;

/// scrypt's work for a generated passphrase, as the logarithm of N: 1 MiB, some milliseconds.
/// Work multiplies the cost of a guess, which is what makes up for a passphrase that can be
/// guessed. 160 random bits cannot be, however cheap the guess, so a run need not wait.
pub const SCRYPT_WORK_GENERATED_LOG2: u8 = 10;

/// Most of scrypt's work that is done for a file, as the logarithm of N: 1 GiB and some seconds.
/// Files that `age -p` and `rage -p` write ask for 18 to 20; a hostile file could ask for hours.
pub const SCRYPT_WORK_LOG2_MAX: u8 = 20;
