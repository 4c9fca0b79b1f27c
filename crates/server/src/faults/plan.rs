use std::ops::Range;
use std::time::Duration;

/// Begins the name of a room that misbehaves.
const PREFIX: &str = "fault-";

/// What goes wrong in a room, as its name says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    faults: Vec<Fault>,
}

/// One thing that goes wrong, for these of the room's connections.
#[derive(Clone, Debug, PartialEq)]
struct Fault {
    mode: Mode,
    turns: Range<usize>,
}

/// What can go wrong. Times are counted from the moment when the client is connected.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mode {
    /// The upgrade is answered with this status.
    Refuse(u16),
    /// So is it, with the seconds after which to come again.
    RetryAfter(u32),
    NoFirstMessage,
    NoPong,
    /// The first word is answered with a close.
    CloseBeforeJoin(u16),
    CloseAfter(Duration, u16),
    DropAfter(Duration),
    DropOnClose,
    HalfOpenAfter(Duration),
    /// So many bytes a second are written.
    Slow(u32),
    KickFirst,
    KickAfter(Duration),
    RoomFull,
    TokenExpired,
    Forbidden,
    GarbageJson,
    BinaryGarbage,
    UnknownType,
    /// One message of so many bytes.
    Huge(usize),
    DupAll,
    DropNth(usize),
    Reorder(usize),
    AnswerTwice,
    CandidateFirst,
    /// An offer waits so long for another's.
    Glare(Duration),
    Flood {
        per_second: u32,
        time: Duration,
    },
    Restart(Restart),
}

/// The end of the room's server, and the next one's beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Restart {
    /// Whether the sockets are closed with a word.
    pub(super) graceful: bool,
    /// How long after so many connections it comes.
    pub(super) after: Duration,
    pub(super) down: Duration,
    pub(super) connections: usize,
}

/// A name that begins like a plan's and is none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct UnknownFault(pub(super) String);

impl Plan {
    /// Reads the plan of a room's name: `fault-`, the modes with `.` between them, and after a `-`
    /// whatever makes the room one's own.
    pub(super) fn read(name: &str) -> Result<Self, UnknownFault> {
        let name = name.strip_prefix(PREFIX).unwrap_or(name);
        let modes = name.split('-').next().unwrap_or_default();
        let mut faults = Vec::new();
        for mode in modes.split('.').filter(|mode| *mode != "happy") {
            let unknown = || UnknownFault(mode.to_owned());
            faults.extend(read_mode(mode).ok_or_else(unknown)?);
        }
        Ok(Self { faults })
    }

    /// What goes wrong with the room's so-manieth connection, from 0.
    pub(super) fn modes(&self, turn: usize) -> impl Iterator<Item = &Mode> {
        let faults = self.faults.iter();
        let hit = faults.filter(move |fault| fault.turns.contains(&turn));
        hit.map(|fault| &fault.mode)
    }

    pub(super) fn restart(&self) -> Option<Restart> {
        self.faults.iter().find_map(|fault| match fault.mode {
            Mode::Restart(restart) => Some(restart),
            _ => None,
        })
    }
}

/// The name of a room in what a client says or asks for, as far as a name can go.
pub(super) fn find(text: &str) -> Option<&str> {
    let (_, found) = text.split_once(PREFIX)?;
    let may = |c: char| c.is_ascii_alphanumeric() || "-_.~=".contains(c);
    let end = found.find(|c| !may(c)).unwrap_or(found.len());
    Some(&found[..end])
}

/// The words and numbers of a mode: `word~1~2~x3`; `=` is as good as `~`.
struct Words<'a> {
    word: &'a str,
    numbers: Vec<u64>,
    turns: Option<Range<usize>>,
    /// How many of the numbers have been used.
    used: usize,
}

impl<'a> Words<'a> {
    fn read(mode: &'a str) -> Option<Self> {
        let mut parts = mode.split(['~', '=']);
        let word = parts.next().unwrap_or_default();
        let (mut numbers, mut turns) = (Vec::new(), None);
        for part in parts {
            match part.strip_prefix('x') {
                Some("all") => turns = Some(ALWAYS),
                Some(count) => turns = Some(0..count.parse().ok()?),
                None => numbers.push(part.parse().ok()?),
            }
        }
        Some(Self {
            word,
            numbers,
            turns,
            used: 0,
        })
    }

    /// The next number, or what stands for it.
    fn number<T: TryFrom<u64>>(&mut self, default: T) -> Option<T> {
        let given = self.numbers.get(self.used);
        self.used += 1;
        given.map_or(Some(default), |given| T::try_from(*given).ok())
    }

    /// The same for one that must not be nothing, nor beyond all measure.
    fn count<T: TryFrom<u64>>(&mut self, default: u64) -> Option<T> {
        let number = self.number(default)?;
        T::try_from(number).ok().filter(|_| is_count(number))
    }

    fn millis(&mut self, default: u64) -> Option<Duration> {
        self.number(default).map(Duration::from_millis)
    }

    fn is_used_up(&self) -> bool {
        self.used >= self.numbers.len()
    }
}

/// Those that would make recovery impossible hit the first connection only.
const ONCE: Range<usize> = 0..1;
const ALWAYS: Range<usize> = 0..usize::MAX;
const BUT_THE_FIRST: Range<usize> = 1..usize::MAX;

/// A test has no use for more of anything.
fn is_count(number: u64) -> bool {
    (1..=16 << 20).contains(&number)
}

fn read_mode(text: &str) -> Option<Vec<Fault>> {
    let mut words = Words::read(text)?;
    let (mode, turns) = match words.word {
        "refuse" => (Mode::Refuse(words.number(503)?), ONCE),
        "retry_after" => (Mode::RetryAfter(words.number(1)?), ONCE),
        "no_first_message" => (Mode::NoFirstMessage, ONCE),
        "no_pong" => (Mode::NoPong, ONCE),
        "close_before_join" => (Mode::CloseBeforeJoin(words.number(1011)?), ONCE),
        "close_when_connected" => {
            let after = words.millis(200)?;
            (Mode::CloseAfter(after, words.number(1011)?), ONCE)
        }
        "drop_when_connected" => (Mode::DropAfter(words.millis(200)?), ONCE),
        "drop_on_close" => (Mode::DropOnClose, ALWAYS),
        "half_open" => (Mode::HalfOpenAfter(words.millis(200)?), ONCE),
        "kick_first" => (Mode::KickFirst, ALWAYS),
        "kick_after" => (Mode::KickAfter(words.millis(200)?), ALWAYS),
        "kick_on_return" => return kick_on_return(words),
        "room_full" => (Mode::RoomFull, ALWAYS),
        "token_expired" => (Mode::TokenExpired, ALWAYS),
        "forbidden" => (Mode::Forbidden, ALWAYS),
        "garbage_json" => (Mode::GarbageJson, ALWAYS),
        "binary_garbage" => (Mode::BinaryGarbage, ALWAYS),
        "unknown_type" => (Mode::UnknownType, ALWAYS),
        "huge" => (Mode::Huge(words.count(1 << 20)?), ALWAYS),
        "dup_all" => (Mode::DupAll, ALWAYS),
        "drop_nth" => (Mode::DropNth(words.count(3)?), ONCE),
        "reorder" => (Mode::Reorder(words.count(5)?), ONCE),
        "answer_twice" => (Mode::AnswerTwice, ALWAYS),
        "candidate_first" => (Mode::CandidateFirst, ALWAYS),
        "glare" => (Mode::Glare(words.millis(1000)?), ALWAYS),
        "slow" => (Mode::Slow(words.count(1)?), ONCE),
        "flood" => {
            let per_second = words.count(1000)?;
            let time = words.millis(2000)?;
            (Mode::Flood { per_second, time }, ALWAYS)
        }
        "restart" => (Mode::Restart(read_restart(&mut words, false)?), ALWAYS),
        "deploy" => (Mode::Restart(read_restart(&mut words, true)?), ALWAYS),
        word => (with_number_inside(word, &mut words)?, ONCE),
    };
    let turns = words.turns.take().unwrap_or(match mode {
        Mode::Flood { .. } | Mode::Huge(_) => ALWAYS,
        _ => turns,
    });
    words.is_used_up().then(|| vec![Fault { mode, turns }])
}

/// The words that carry a number: `close_4001`, `huge_1MiB`, `reorder_window_5`.
fn with_number_inside(word: &str, words: &mut Words<'_>) -> Option<Mode> {
    let between = |start: &str, end: &str| {
        let number = word.strip_prefix(start)?.strip_suffix(end)?;
        let number = number.parse::<u32>().ok();
        number.filter(|number| is_count((*number).into()))
    };
    if let Some(code) = between("close_", "") {
        let code = u16::try_from(code).ok()?;
        let is_code = (1000..5000).contains(&code);
        return is_code.then_some(Mode::CloseAfter(words.millis(200)?, code));
    }
    if let Some(rate) = between("slow_", "Bps") {
        return Some(Mode::Slow(rate));
    }
    if let Some(mebibytes) = between("huge_", "MiB") {
        let bytes = usize::try_from(mebibytes).ok()?.checked_mul(1 << 20)?;
        return is_count(u64::try_from(bytes).ok()?).then_some(Mode::Huge(bytes));
    }
    if let Some(window) = between("reorder_window_", "") {
        return Some(Mode::Reorder(usize::try_from(window).ok()?));
    }
    let per_second = between("flood_", "ps")?;
    let time = words.millis(2000)?;
    Some(Mode::Flood { per_second, time })
}

fn read_restart(words: &mut Words<'_>, graceful: bool) -> Option<Restart> {
    Some(Restart {
        graceful,
        after: words.millis(2000)?,
        down: words.millis(500)?,
        connections: words.number(2)?,
    })
}

/// The first connection breaks off, the next is sent out.
fn kick_on_return(mut words: Words<'_>) -> Option<Vec<Fault>> {
    let drop = Fault {
        mode: Mode::DropAfter(words.millis(200)?),
        turns: ONCE,
    };
    let kick = Fault {
        mode: Mode::KickFirst,
        turns: BUT_THE_FIRST,
    };
    words.is_used_up().then(|| vec![drop, kick])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modes(name: &str, turn: usize) -> Vec<Mode> {
        Plan::read(name).unwrap().modes(turn).cloned().collect()
    }

    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn each_mode_is_read_with_its_numbers() {
        for (name, mode) in [
            ("fault-drop_nth~4-xyz", Mode::DropNth(4)),
            ("fault-drop_nth=4-xyz", Mode::DropNth(4)),
            ("drop_nth", Mode::DropNth(3)),
            (
                "fault-close_4001-x-y-z",
                Mode::CloseAfter(millis(200), 4001),
            ),
            ("fault-close_1006~50", Mode::CloseAfter(millis(50), 1006)),
            ("fault-slow_1Bps", Mode::Slow(1)),
            ("fault-slow~100", Mode::Slow(100)),
            ("fault-huge_1MiB", Mode::Huge(1 << 20)),
            ("fault-reorder_window_5", Mode::Reorder(5)),
            (
                "fault-flood_1000ps~100",
                Mode::Flood {
                    per_second: 1000,
                    time: millis(100),
                },
            ),
            (
                "fault-restart~100~200~1-x",
                Mode::Restart(Restart {
                    graceful: false,
                    after: millis(100),
                    down: millis(200),
                    connections: 1,
                }),
            ),
        ] {
            assert_eq!(modes(name, 0), [mode], "{name}");
        }
        assert_eq!(modes("fault-happy-x", 0), []);
    }

    #[test]
    fn modes_go_together() {
        let both = [Mode::DupAll, Mode::DropAfter(millis(200))];
        assert_eq!(modes("fault-dup_all.drop_when_connected-x", 0), both);
        assert_eq!(
            modes("fault-dup_all.drop_when_connected-x", 1),
            [Mode::DupAll]
        );
    }

    #[test]
    fn what_would_make_recovery_impossible_happens_once_unless_it_is_said() {
        let turns = |name: &str| (0..5).filter(|turn| !modes(name, *turn).is_empty()).count();
        assert_eq!(turns("fault-drop_when_connected-x"), 1);
        assert_eq!(turns("fault-drop_when_connected~x3-x"), 3);
        assert_eq!(turns("fault-drop_when_connected~100~xall-x"), 5);
        assert_eq!(turns("fault-garbage_json-x"), 5);
        assert_eq!(turns("fault-garbage_json~x0-x"), 0);
        assert_eq!(
            modes("fault-kick_on_return-x", 0),
            [Mode::DropAfter(millis(200))]
        );
        assert_eq!(modes("fault-kick_on_return-x", 1), [Mode::KickFirst]);
    }

    #[test]
    fn a_fault_that_is_none_is_not_taken_for_a_happy_room() {
        for name in [
            "fault-",
            "fault-no_such-x",
            "fault-happy.no_such",
            "fault-drop_nth~x",
            "fault-drop_nth~0",
            "fault-drop_nth~1~2",
            "fault-drop_nth~-1",
            "fault-slow_0Bps",
            "fault-close_999",
            "fault-close_5000",
            "fault-close_70000",
            "fault-huge_100000MiB",
            "fault-dup_all~1",
        ] {
            assert!(Plan::read(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_name_is_found_wherever_it_stands() {
        assert_eq!(find("/relay/fault-dup_all-1?x=2"), Some("dup_all-1"));
        assert_eq!(
            find("{\"room\":\"fault-slow~1-a\",\"v\":1}"),
            Some("slow~1-a")
        );
        assert_eq!(find("42[\"join\",\"fault-a\"]"), Some("a"));
        assert_eq!(find("/relay/standup"), None);
    }
}
