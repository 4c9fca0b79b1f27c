//! The links of a call, each with its connection.

use std::cell::RefCell;
use std::rc::Rc;

use videocalls_protocol::{IceServer, MediaState};
use videocalls_session::{LinkId, LinkOp, LinkReport, LinkRole, Timestamp};
use wasm_bindgen::JsValue;
use web_sys::{MediaStream, RtcDataChannel};

use crate::chat;
use crate::ice_servers::IceServers;
use crate::local_tracks::LocalTracks;
use crate::peer::{LinkCallbacks, Peer};
use crate::turn::TurnFailures;
use crate::{CallError, ErrorCode};

pub(crate) struct Links {
    peers: RefCell<Vec<(LinkId, Rc<Peer>)>>,
    ice_servers: IceServers,
    turn: Rc<TurnFailures>,
    local: Rc<LocalTracks>,
    chat: Option<ChatChannel>,
}

/// How a dialect's chat travels.
#[derive(Clone, Copy)]
pub(crate) struct ChatChannel {
    pub(crate) open: chat::Open,
    pub(crate) label: &'static str,
}

impl Links {
    pub(crate) fn new(
        ice_servers: IceServers,
        local: Rc<LocalTracks>,
        chat: Option<ChatChannel>,
    ) -> Self {
        Self {
            peers: RefCell::default(),
            ice_servers,
            turn: Rc::default(),
            local,
            chat,
        }
    }

    pub(crate) fn remote_stream(&self, link: LinkId) -> Option<MediaStream> {
        self.find(link)?.remote().stream()
    }

    /// Opens a channel for a file.
    pub(crate) fn open_file_channel(&self, link: LinkId) -> Option<RtcDataChannel> {
        self.find(link)?.open_file_channel()
    }

    pub(crate) fn screen_stream(&self, link: LinkId) -> Option<MediaStream> {
        self.find(link)?.remote().screen_stream()
    }

    /// Takes a participant's own report of what they send.
    pub(crate) fn set_reported(&self, link: LinkId, media: &MediaState) {
        if let Some(peer) = self.find(link) {
            peer.remote().set_reported(media);
        }
    }

    /// Makes all links send the local tracks that there are now.
    pub(crate) fn replace_tracks(&self) {
        let peers = self.peers.borrow().clone();
        for (_, peer) in peers {
            peer.replace_tracks(&self.local);
        }
    }

    /// Takes the ICE servers that the signaling server offers. Connections get them at once, or with
    /// those that the page's function returns.
    pub(crate) fn use_ice_servers(&self, servers: &[IceServer]) {
        self.ice_servers.offer(servers);
        if self.ice_servers.are_constant() {
            let servers = self.ice_servers.servers();
            let peers = self.peers.borrow().clone();
            peers
                .iter()
                .for_each(|(_, peer)| peer.set_ice_servers(&servers));
        }
    }

    pub(crate) fn operate(
        &self,
        link: LinkId,
        op: LinkOp,
        now: Timestamp,
        callbacks: LinkCallbacks,
    ) {
        match (op, self.find(link)) {
            (LinkOp::Open(role), _) => self.open(link, role, callbacks),
            (LinkOp::Close, _) => self.close(link),
            (op, Some(peer)) => self.operate_peer(&peer, op, now, callbacks),
            (op, None) => report_missing(&op, &callbacks),
        }
    }

    fn operate_peer(
        &self,
        peer: &Peer,
        op: LinkOp,
        now: Timestamp,
        LinkCallbacks { report, fail, .. }: LinkCallbacks,
    ) {
        let servers = || self.ice_servers.request(now, &fail);
        match op {
            LinkOp::CreateOffer { token } => {
                peer.describe(None, servers(), token, self.local.clone(), report);
            }
            LinkOp::AcceptOffer {
                sdp,
                sources,
                token,
            } => {
                peer.remote().set_sources(sources);
                peer.describe(Some(&sdp), servers(), token, self.local.clone(), report);
            }
            LinkOp::AcceptAnswer {
                sdp,
                sources,
                token,
            } => {
                peer.remote().set_sources(sources);
                peer.accept_answer(&sdp, token, report);
            }
            LinkOp::AddCandidate(candidate) => peer.add_candidate(&candidate),
            LinkOp::RestartIce => peer.restart_ice(servers()),
            LinkOp::Measure => peer.measure(report),
            LinkOp::SendData { channel, message } => peer.send_data(channel, &message),
            LinkOp::CloseData => peer.close_data(),
            LinkOp::SendText(text) => peer.send_text(&text),
            LinkOp::Open(_) | LinkOp::Close => {}
        }
    }

    fn open(&self, link: LinkId, role: LinkRole, callbacks: LinkCallbacks) {
        match Peer::open(
            &self.ice_servers.configuration(),
            role,
            &self.turn,
            &callbacks,
        ) {
            Ok(peer) => {
                if role == LinkRole::Offerer {
                    peer.open_data(&callbacks.report);
                }
                if let Some(chat) = self.chat {
                    peer.prepare_chat(chat.open, role, chat.label, callbacks.report);
                }
                peer.prepare(role, &self.local);
                self.peers.borrow_mut().push((link, Rc::new(peer)));
            }
            Err(error) => (callbacks.fail)(not_opened(error)),
        }
    }

    fn close(&self, link: LinkId) {
        let mut peers = self.peers.take();
        let position = peers.iter().position(|(id, _)| *id == link);
        let closed = position.map(|at| peers.remove(at));
        self.peers.replace(peers);
        drop(closed);
    }

    fn find(&self, link: LinkId) -> Option<Rc<Peer>> {
        let peers = self.peers.borrow();
        let (_, peer) = peers.iter().find(|(id, _)| *id == link)?;
        Some(peer.clone())
    }
}

/// Reports that a negotiation failed because the browser has not made the connection.
fn report_missing(op: &LinkOp, callbacks: &LinkCallbacks) {
    if let LinkOp::CreateOffer { token }
    | LinkOp::AcceptOffer { token, .. }
    | LinkOp::AcceptAnswer { token, .. } = *op
    {
        (callbacks.report)(LinkReport::Failed { token });
    }
}

fn not_opened(cause: JsValue) -> CallError {
    let message = "the browser would not make a connection with this rtcConfig";
    CallError {
        cause: Some(cause),
        ..CallError::new(ErrorCode::UnsupportedBrowser, message)
    }
}
