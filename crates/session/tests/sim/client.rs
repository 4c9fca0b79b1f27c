//! A client: a real session, and a driver that carries out its outputs in the model.

use std::collections::BTreeMap;

use videocalls_protocol::{CloseAction, Dialect, ParticipantId, Source};
use videocalls_session::{
    Config, EndReason, Input, LinkId, LinkOp, LinkReport, Notice, Output, Problem, Session,
    Timestamp,
};

use super::connections::{ConnId, Holder};
use super::local_tracks::BrowserTracks;
use super::network::{Occurrence, SimulatedNetwork};
use super::peer::{ModelPeer, Op, Owner, PcId};

pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) dialect: Box<dyn Dialect>,
    pub(crate) links: BTreeMap<LinkId, PcId>,
    pub(crate) conn: Option<ConnId>,
    pub(crate) started: bool,
    pub(crate) alive: bool,
    pub(crate) ended: Option<EndReason>,
    pub(crate) closed_signaling: bool,
    pub(crate) tracks: BrowserTracks,
    /// After how many ms the first socket opens, if it does.
    pub(crate) opening: Option<u64>,
    /// The participants according to the notices.
    pub(crate) roster: Vec<ParticipantId>,
    pub(crate) problems: Vec<Problem>,
    woken_at: Option<u64>,
}

impl SimulatedNetwork {
    pub(crate) fn add_client(&mut self, config: Config, dialect: Box<dyn Dialect>) -> usize {
        let tracks = BrowserTracks::new(&config);
        self.clients.push(Client {
            session: Session::new(config),
            dialect,
            links: BTreeMap::new(),
            conn: None,
            started: false,
            alive: true,
            ended: None,
            closed_signaling: false,
            tracks,
            opening: Some(0),
            roster: Vec::new(),
            problems: Vec::new(),
            woken_at: None,
        });
        self.clients.len() - 1
    }

    /// Whether a client is in its call: started, not ended and not crashed.
    pub(crate) fn is_in_call(&self, client: usize) -> bool {
        let client = &self.clients[client];
        client.alive && client.ended.is_none() && client.started
    }

    pub(crate) fn feed(&mut self, client: usize, input: Input) {
        if !self.clients[client].alive {
            return;
        }
        self.note(|| format!("client {client} <- {input:?}"));
        let was_ended = self.clients[client].ended.is_some();
        self.open_supplied(client, &input);
        let now = Timestamp::from_millis(self.now);
        self.clients[client].session.handle(now, input);
        while let Some(output) = self.clients[client].session.poll() {
            assert!(
                !was_ended,
                "client {client} outputs {output:?} after its end"
            );
            self.note(|| format!("client {client} -> {output:?}"));
            self.perform(client, output);
        }
        self.arm(client);
    }

    fn arm(&mut self, client: usize) {
        let next = self.clients[client].session.next_timeout();
        let next = next.map(Timestamp::as_millis);
        if next != self.clients[client].woken_at {
            self.clients[client].woken_at = next;
            if let Some(at) = next {
                self.at(at, Occurrence::Wake { client, at });
            }
        }
    }

    pub(crate) fn wake(&mut self, client: usize, at: u64) {
        if self.clients[client].woken_at == Some(at) {
            self.clients[client].woken_at = None;
            self.feed(client, Input::Timeout);
        }
    }

    pub(crate) fn client_receives(&mut self, client: usize, text: &str) {
        if !self.clients[client].alive {
            return;
        }
        let decoded = self.clients[client].dialect.decode(text);
        let decoded = decoded.expect("the servers send readable frames");
        if let Some(conn) = self.clients[client].conn {
            let replies = decoded.replies.into_iter();
            replies.for_each(|text| self.send_up(conn, text));
        }
        for event in decoded.events {
            self.feed(client, Input::SignalingEvent(event));
        }
    }

    fn perform(&mut self, client: usize, output: Output) {
        assert!(
            self.clients[client].ended.is_none(),
            "client {client} outputs {output:?} after `Ended`"
        );
        match output {
            Output::OpenSignaling => self.open_signaling(client),
            Output::CloseSignaling => {
                self.clients[client].closed_signaling = true;
                if let Some(conn) = self.clients[client].conn.take() {
                    self.close_up(conn);
                }
            }
            Output::Send(request) => {
                let frames = self.clients[client].dialect.encode(&request);
                let frames = frames.expect("the dialect can encode every request");
                let conn = self.clients[client]
                    .conn
                    .filter(|&it| self.conns[it].listens && self.conns[it].open);
                if let Some(conn) = conn {
                    frames.into_iter().for_each(|text| self.send_up(conn, text));
                }
            }
            Output::Acquire { token, sources } => self.acquire(client, token, &sources),
            Output::SetEnabled { source, on } => self.set_enabled(client, source, on),
            Output::Release(source) => self.release(client, source),
            Output::ReleaseMedia => self.clients[client].tracks.release_all(),
            Output::Link { link, op } => self.operate(client, link, op),
            Output::Notify(notice) => self.receive_notice(client, notice),
            other => panic!("the model does not know {other:?}"),
        }
    }

    fn open_signaling(&mut self, client: usize) {
        let again = std::mem::replace(&mut self.clients[client].started, true);
        let Some(first) = self.clients[client].opening else {
            return;
        };
        let conn = self.open_conn(Holder::Client(client));
        self.clients[client].conn = Some(conn);
        self.clients[client].closed_signaling = false;
        let delay = if again { self.rng.below(300) } else { first };
        if self.signaling_out_until(client).is_some() {
            return;
        }
        if again && self.now < self.down_until {
            self.after(delay, Occurrence::ClientRefused { client, conn });
        } else {
            self.after(delay, Occurrence::ClientOpened { client, conn });
        }
    }

    pub(crate) fn client_opened(&mut self, client: usize, conn: ConnId) {
        let current = self.clients[client].conn == Some(conn);
        if current && self.clients[client].alive && self.conns[conn].listens {
            self.conns[conn].open = true;
            self.enter_relay(conn);
            self.clients[client].dialect.opened();
            self.feed(client, Input::SignalingOpened);
        }
    }

    pub(crate) fn client_refused(&mut self, client: usize, conn: ConnId) {
        if self.clients[client].conn == Some(conn) {
            self.deliver_close(conn, CloseAction::Backoff);
        }
    }

    fn operate(&mut self, client: usize, link: LinkId, op: LinkOp) {
        let pc = self.clients[client].links.get(&link).copied();
        if let LinkOp::Open(role) = op {
            assert!(pc.is_none(), "link {link:?} is opened twice");
            let pc = self.pcs.len();
            let owner = Owner::Client { client, link };
            self.pcs.push(ModelPeer::new(pc, owner, role));
            self.pcs[pc].sends_screen = self.clients[client].tracks.has(Source::Screen);
            self.clients[client].links.insert(link, pc);
            self.tally.links += 1;
            self.pcs[pc].needed_check = true;
            self.check_negotiation_needed(pc);
            return;
        }
        let pc = pc.expect("the link is open");
        match op {
            LinkOp::Open(_) | LinkOp::SendText(_) => {}
            LinkOp::SendData { channel, message } => self.send_on_channel(pc, channel, message),
            LinkOp::CloseData => panic!("client {client} finds its peer at fault"),
            LinkOp::Close => {
                self.tally.cut_links += u64::from(self.is_working(pc));
                self.clients[client].links.remove(&link);
                self.close_pc(pc);
            }
            LinkOp::CreateOffer { token } => {
                self.tally.offers += 1;
                self.enqueue(pc, Op::SetLocal { token });
            }
            LinkOp::AcceptOffer {
                sdp,
                sources,
                token,
            } => {
                let op = Op::SetRemoteOffer {
                    sdp,
                    sources,
                    token,
                };
                self.enqueue(pc, op);
            }
            LinkOp::AcceptAnswer {
                sdp,
                sources,
                token,
            } => {
                let op = Op::SetRemoteAnswer {
                    sdp,
                    sources,
                    token,
                };
                self.enqueue(pc, op);
            }
            LinkOp::AddCandidate(candidate) => self.enqueue(pc, Op::AddCandidate(candidate)),
            LinkOp::RestartIce => {
                self.tally.restarts += 1;
                self.pcs[pc].restart = true;
                self.pcs[pc].needed_check = true;
                self.check_negotiation_needed(pc);
            }
            LinkOp::Measure => {
                if self.flows(pc) {
                    self.pcs[pc].received = self.now;
                }
                let report = LinkReport::Measured(self.pcs[pc].received);
                let delay = self.rng.below(20);
                self.after(delay, Occurrence::Report { pc, report });
            }
        }
    }

    fn receive_notice(&mut self, client: usize, notice: Notice) {
        self.record(client, &notice);
        let client = &mut self.clients[client];
        match notice {
            Notice::ParticipantJoined(view) => {
                assert!(!client.roster.contains(&view.id), "{view:?} joins twice");
                client.roster.push(view.id);
            }
            Notice::ParticipantChanged(view) => {
                assert!(
                    client.roster.contains(&view.id),
                    "{view:?} was not announced"
                );
            }
            Notice::ParticipantLeft { participant, .. } => {
                let before = client.roster.len();
                client.roster.retain(|id| *id != participant.id);
                assert_eq!(client.roster.len() + 1, before, "{participant:?} was there");
            }
            Notice::Problem { problem, .. } => {
                self.tally.no_routes += u64::from(problem == Problem::NoRoute);
                client.problems.push(problem);
            }
            Notice::Ended(reason) => client.ended = Some(reason),
            _ => {}
        }
    }

    pub(crate) fn report(&mut self, pc: PcId, report: LinkReport) {
        if let (false, Owner::Client { client, link }) = (self.pcs[pc].closed, self.pcs[pc].owner) {
            self.feed(client, Input::Link { link, report });
        }
    }

    /// A client's machine dies.
    pub(crate) fn crash(&mut self, client: usize) {
        self.tally.departures += 1;
        self.clients[client].alive = false;
        for pc in self.clients[client].links.clone().into_values() {
            self.close_pc(pc);
        }
        if let Some(conn) = self.clients[client].conn {
            self.conns[conn].listens = false;
            let until_noticed = self.rng.pick(&[0, 100, 3_000, 12_000, 25_000]);
            self.after(until_noticed, Occurrence::UpClosed { conn });
        }
    }
}
