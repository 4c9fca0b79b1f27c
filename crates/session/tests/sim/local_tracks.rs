//! The tracks of a client in its browser: what it is asked for, opens, enables and releases.

use videocalls_protocol::{MediaState, Source, TrackState, UnavailableReason};
use videocalls_session::{Config, InitialState, Input, SourceConfig, Supply, Token};

use super::network::{Occurrence, SimulatedNetwork};

const REFUSED: TrackState = TrackState::Unavailable(UnavailableReason::PermissionDenied);

pub(crate) struct BrowserTracks {
    /// The browser's answer for each source; `Off` if there is no such track.
    pub(crate) answers: MediaState,
    /// How long an answer takes, in ms.
    pub(crate) answer_delay: u64,
    /// The tracks that are open.
    open: Vec<OpenTrack>,
    /// The sources that the user wants to be on.
    wanted: Vec<Source>,
}

struct OpenTrack {
    source: Source,
    is_enabled: bool,
}

impl BrowserTracks {
    pub(crate) fn new(config: &Config) -> Self {
        let devices = [
            (Source::Microphone, config.microphone),
            (Source::Camera, config.camera),
        ];
        let there_are = |&(_, it): &(Source, SourceConfig)| it.supply != Supply::Nothing;
        let there_are: Vec<_> = devices.into_iter().filter(there_are).collect();
        let answers = there_are
            .iter()
            .map(|(source, _)| (*source, TrackState::Live));
        let are_on = there_are
            .iter()
            .filter(|(_, it)| it.initially == InitialState::On);
        Self {
            answers: answers.collect(),
            answer_delay: 0,
            wanted: are_on.map(|(source, _)| *source).collect(),
            open: Vec::new(),
        }
    }

    fn open(&mut self, source: Source) {
        assert!(self.find(source).is_none(), "{source} is open already");
        self.open.push(OpenTrack {
            source,
            is_enabled: true,
        });
    }

    fn close(&mut self, source: Source) {
        self.open.retain(|it| it.source != source);
    }

    fn find(&self, source: Source) -> Option<&OpenTrack> {
        self.open.iter().find(|it| it.source == source)
    }

    pub(crate) fn has(&self, source: Source) -> bool {
        self.find(source).is_some()
    }

    fn set_wanted(&mut self, source: Source, is_wanted: bool) {
        self.wanted.retain(|it| *it != source);
        self.wanted.extend(is_wanted.then_some(source));
    }

    /// The person is going to be asked for a screen, which they choose anew each time.
    fn set_choice(&mut self, screen: TrackState, sound: TrackState) {
        self.answers.set(Source::Screen, screen);
        self.answers.set(Source::ScreenAudio, sound);
    }

    /// Whether a state is what the user wants, and what the browser does.
    pub(crate) fn agrees(&self, source: Source, state: TrackState) -> bool {
        let enabled = self.find(source).map(|it| it.is_enabled);
        let is_wanted = self.wanted.contains(&source);
        match (source, state) {
            (_, TrackState::Requested) => false,
            // It comes and goes with the picture.
            (Source::ScreenAudio, TrackState::Live) => enabled == Some(true),
            (_, TrackState::Live) => enabled == Some(true) && is_wanted,
            (_, TrackState::Muted) => enabled == Some(false) && !is_wanted,
            // A screen that is refused, or ended by the browser, is not asked for again.
            (Source::Screen, TrackState::Off) => enabled.is_none(),
            (_, TrackState::Off) => enabled.is_none() && !is_wanted,
            _ => enabled.is_none(),
        }
    }

    pub(crate) fn release_all(&mut self) {
        self.open.clear();
    }

    pub(crate) fn is_all_released(&self) -> bool {
        self.open.is_empty()
    }
}

impl SimulatedNetwork {
    /// The browser, or the user, answers later.
    pub(crate) fn acquire(&mut self, client: usize, token: Token, sources: &[Source]) {
        let tracks = &mut self.clients[client].tracks;
        let answers = sources.iter().map(|&source| {
            tracks.close(source);
            (source, tracks.answers.of(source))
        });
        let answers = answers.collect();
        let input = Input::TracksSettled { token, answers };
        let delay = tracks.answer_delay;
        self.after(delay, Occurrence::Feed { client, input });
    }

    /// Opens the tracks that the browser supplies, as far as the session still waits for them.
    pub(crate) fn open_supplied(&mut self, client: usize, input: &Input) {
        let Input::TracksSettled { token, answers } = input else {
            return;
        };
        let it = &mut self.clients[client];
        for &(source, state) in answers {
            if state == TrackState::Live && it.session.awaits(source, *token) {
                it.tracks.open(source);
            }
        }
        self.negotiate_screens(client);
    }

    /// Has the links of a client send its screen, or stop to.
    fn negotiate_screens(&mut self, client: usize) {
        let sends_screen = self.clients[client].tracks.has(Source::Screen);
        let links: Vec<_> = self.clients[client].links.values().copied().collect();
        for pc in links {
            self.pcs[pc].sends_screen = sends_screen;
            self.pcs[pc].needed_check = true;
            self.check_negotiation_needed(pc);
        }
    }

    pub(crate) fn set_enabled(&mut self, client: usize, source: Source, on: bool) {
        let tracks = self.clients[client].tracks.open.iter_mut();
        let track = tracks.into_iter().find(|it| it.source == source);
        track.expect("the track is open").is_enabled = on;
    }

    pub(crate) fn release(&mut self, client: usize, source: Source) {
        self.clients[client].tracks.close(source);
        self.negotiate_screens(client);
    }

    pub(crate) fn toggle(&mut self, client: usize, source: Source, on: Option<bool>) {
        if source == Source::Screen {
            let screen = self
                .rng
                .pick(&[TrackState::Live, TrackState::Live, REFUSED]);
            let sound = self.rng.pick(&[TrackState::Live, TrackState::Off]);
            self.clients[client].tracks.set_choice(screen, sound);
        }
        let it = &mut self.clients[client];
        let is_on = it.session.wants(source) == Some(true);
        let is_there = it.tracks.answers.of(source) != TrackState::Off;
        let is_wanted = on.unwrap_or(!is_on) && is_there;
        it.tracks.set_wanted(source, is_wanted);
        self.feed(client, Input::Toggle { source, on });
    }

    pub(crate) fn device_gone(&mut self, client: usize, source: Source) {
        let it = &mut self.clients[client];
        if it.session.snapshot().local.of(source).has_device() {
            it.tracks.close(source);
            self.feed(client, Input::TrackEnded(source));
        }
    }

    pub(crate) fn check_tracks(&self, client: usize) {
        let it = &self.clients[client];
        let local = it.session.snapshot().local;
        for source in Source::ALL {
            let state = local.of(source);
            assert!(
                it.tracks.agrees(source, state),
                "client {client}: the {source} is {state:?}, but {:?} are wanted",
                it.tracks.wanted
            );
        }
    }
}
