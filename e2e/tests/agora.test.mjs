// The unmodified pages of "video-chat-django" with our `AgoraRTC` and our server in place of the provider and
// Django.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { agoraPage, independentSite } from '../lib/independent.mjs';
import { patience } from '../lib/page.mjs';
import { PACKAGE } from '../lib/paths.mjs';
import { ann, bob, cat, freshRoom } from '../lib/participants.mjs';
import { hears, hearsNothing, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { startSite } from '../lib/site.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

describe('AgoraRTC', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    fixtures.browser('firefox', cat); // Takes seconds to start; is waited for where it is needed.
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await independentSite();
    fixtures.defer(() => site.stop());
  });

  const TILES = '.video-container video';
  const meets = (page, person) => Promise.all([sees(page, person, TILES), hears(page, person, 'audio')]);
  // In any order: a later page may add the others' tiles before its own.
  const waitForNames = (page, ...names) =>
    page.until(
      (names) => [...document.querySelectorAll('.user-name')].map(({ textContent }) => textContent).sort().join() === names,
      names.join(),
      patience(10_000, `the names ${names}`),
    );

  describe('in the pages of video-chat-django', () => {
    const enter = async (person, room, { kind = 'chromium', on = fixtures, from = server.origin } = {}) => {
      const sdk = `${from}/videocalls/agora.js`;
      const page = await agoraPage.enter(on, fixtures.browser(kind, person), { site: site.origin, api: from, sdk, room });
      // It deletes its member when it leaves, and once more when it goes.
      page.expectFault(/404 \(Not Found\).*delete_member/);
      return page;
    };

    test('two see, hear and name each other; the buttons mute; a participant who leaves loses the tile', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      await sees(a, ann, TILES);
      const b = await enter(bob, room);
      await Promise.all([meets(a, bob), meets(b, ann)]);
      await Promise.all([waitForNames(a, 'Ann', 'Bob'), waitForNames(b, 'Ann', 'Bob')]);

      await b.run(() => {
        globalThis.events = [];
        for (const event of ['user-published', 'user-unpublished']) client.on(event, () => events.push(event));
      });
      await a.run(() => document.querySelector('#mic-btn').click());
      await hearsNothing(b, 'audio');
      await a.run(() => document.querySelector('#camera-btn').click());
      await b.until(
        () => globalThis.__e2e.see(document.querySelector(`#user-${client.remoteUsers[0].uid} video`)) === null,
        patience(5000, 'no picture'),
      );
      const red = (id) => a.run((id) => document.querySelector(id).style.backgroundColor, id);
      assert.deepEqual([await red('#mic-btn'), await red('#camera-btn')], ['rgb(255, 80, 80)', 'rgb(255, 80, 80)']);
      await a.run(() => document.querySelector('#mic-btn').click());
      await a.run(() => document.querySelector('#camera-btn').click());
      await meets(b, ann);
      assert.deepEqual(await b.run(() => globalThis.events), [], 'a muted track is still published');

      await agoraPage.leave(a);
      await waitForNames(b, 'Bob');
      await b.until(() => !document.querySelector('audio'), patience(2000, 'her sound to end'));
      assert.equal(await a.run(() => location.pathname), '/agora/');
    });

    test('a participant who joins by the package has a tile with their name', async () => {
      const pages = await callSite();
      fixtures.defer(() => pages.stop());
      const room = freshRoom();
      const a = await enter(ann, room);
      const { page } = await fixtures.join(fixtures.browser('chromium', bob), pages.origin, { signaling: server.socket('/rooms'), room: await a.run(() => sessionStorage.getItem('room')) });
      const b = await enter(cat, room);
      for (const agora of [a, b]) await meets(agora, bob);
      for (const agora of [a, b]) await waitForNames(agora, 'Ann', 'Bob', 'Cat');
      const uids = await Promise.all([a, b].map((agora) => agora.run(() => client.remoteUsers.map(({ uid }) => uid))));
      assert.ok(uids.flat().every(Number.isInteger), `${uids}`);
      assert.equal(uids[0].filter((uid) => uids[1].includes(uid)).length, 1, 'one uid on all pages');
      await page.run(() => globalThis.call.endCall());
      for (const agora of [a, b]) await waitForNames(agora, 'Ann', 'Cat');
    });

    test('three participants, one with Firefox, see, hear and name each other', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      const b = await enter(bob, room);
      const c = await enter(cat, room, { kind: 'firefox' });
      await Promise.all([meets(a, bob), meets(a, cat), meets(b, ann), meets(b, cat), meets(c, ann), meets(c, bob)]);
      await Promise.all([a, b, c].map((page) => waitForNames(page, 'Ann', 'Bob', 'Cat')));
    });

    test('a reloaded room page joins again under its uid', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      const b = await enter(bob, room);
      await Promise.all([meets(a, bob), meets(b, ann)]);
      const uid = await b.run(() => sessionStorage.getItem('UID'));
      await b.raw.reload();
      await b.until(() => globalThis.published);
      await Promise.all([meets(a, bob), meets(b, ann)]);
      await Promise.all([waitForNames(a, 'Ann', 'Bob'), waitForNames(b, 'Ann', 'Bob')]);
      assert.deepEqual(await a.run(() => client.remoteUsers.map((user) => user.uid)), [Number(uid)]);
    });

    test('the tile of a closed tab is removed', async () => {
      const room = freshRoom();
      const a = await enter(ann, room);
      const own = { open: async (browser, url) => (await browser).open(url) }; // Not the fixtures's to close.
      const b = await enter(bob, room, { on: own });
      await Promise.all([meets(a, bob), meets(b, ann)]);
      await b.assertClean();
      await b.raw.close();
      await waitForNames(a, 'Ann');
      await meets(await enter(cat, room), ann);
    });

    test('participants still see and hear each other when the server stops', async () => {
      const passing = await startServer();
      const room = freshRoom();
      const a = await enter(ann, room, { from: passing.origin });
      const b = await enter(bob, room, { from: passing.origin });
      // The page deletes its name, and the package reconnects.
      for (const page of [a, b]) page.expectFault(/ERR_CONNECTION_REFUSED|WebSocket/);
      await Promise.all([meets(a, bob), meets(b, ann)]);
      await passing.stop();
      await Promise.all([meets(a, bob), meets(b, ann)]);
    });
  });

  describe('under a strict policy, with tracks one by one', () => {
    let strict;

    before(async () => {
      const folder = mkdtempSync(join(tmpdir(), 'videocalls-e2e-agora-'));
      fixtures.defer(() => rmSync(folder, { recursive: true }));
      cpSync(PACKAGE, join(folder, 'vendor'), { recursive: true });
      writeFileSync(
        join(folder, 'index.html'),
        `<!doctype html><title>Agora</title><div id="me"></div><div id="them"></div>
         <script src="vendor/agora.js" data-signaling="${server.socket('/rooms')}"></script>`,
      );
      strict = await startSite({ '/': folder });
      fixtures.defer(() => strict.stop());
    });

    /** A page that has joined, logs its events, and plays what is published. */
    const enter = async (person, room, uid = null) => {
      const page = await fixtures.open(fixtures.browser('chromium', person), `${strict.origin}/`);
      await page.run(
        async (room, uid) => {
          globalThis.log = [];
          globalThis.client = AgoraRTC.createClient({ mode: 'rtc', codec: 'vp8' });
          client.on('user-joined', ({ uid }) => log.push(`joined ${uid}`));
          client.on('user-left', ({ uid }, reason) => log.push(`left ${uid} ${reason}`));
          client.on('user-unpublished', ({ uid }, kind) => log.push(`unpublished ${uid} ${kind}`));
          client.on('user-published', async (user, kind) => {
            log.push(`published ${user.uid} ${kind}`);
            const track = await client.subscribe(user, kind);
            if (track !== user[`${kind}Track`]) throw new Error('another track');
            track.play('them');
          });
          globalThis.uid = await client.join('app', room, 'token', uid);
        },
        room,
        uid,
      );
      return page;
    };
    const create = (page) =>
      page.run(async () => {
        globalThis.tracks = await AgoraRTC.createMicrophoneAndCameraTracks({ AEC: false }, { encoderConfig: '240p' });
        tracks[1].play(document.querySelector('#me'));
      });
    const act = (page, source) => page.run(`async () => void (${source})`);
    const logged = (page, ...lines) =>
      page.until((lines) => globalThis.log.join() === lines, lines.join(), patience(5_000, `the log ${lines.join(', ')}`));

    test('publish, unpublish, setEnabled and setMuted have their own events', async () => {
      const room = `A room, ${freshRoom()}`;
      const b = await enter(bob, room, 'bob');
      const a = await enter(ann, room, 'ann');
      await logged(b, 'joined ann');
      await create(a);
      await sees(a, ann, '#me video');
      await act(a, 'await client.publish(tracks[1])');
      await sees(b, ann, '#them video');
      await b.until(() => !client.remoteUsers[0].hasAudio && client.remoteUsers[0].hasVideo);
      await assert.rejects(act(b, "await client.subscribe(client.remoteUsers[0], 'audio')"), /user ann has no audio/);
      await act(a, 'await client.publish(tracks[0])');
      await hears(b, ann, 'audio');

      await b.run(() => (globalThis.log = []));
      await act(a, 'await tracks[1].setMuted(true)');
      await b.until(() => globalThis.__e2e.see(document.querySelector('#them video')) === null);
      await act(a, 'await tracks[1].setMuted(false)');
      await sees(b, ann, '#them video');
      await act(a, 'await tracks[1].setEnabled(false)');
      await logged(b, 'unpublished ann video');
      assert.equal(await b.run(() => document.querySelector('#them video')), null);
      await act(a, 'await tracks[1].setMuted(true)');
      await act(a, 'await tracks[1].setEnabled(true)');
      await logged(b, 'unpublished ann video', 'published ann video');
      assert.equal(await b.run(() => globalThis.__e2e.see(document.querySelector('#them video'))), null, 'still muted');
      await act(a, 'await tracks[1].setMuted(false)');
      await sees(b, ann, '#them video');
      await act(a, 'await client.unpublish([tracks[0]])');
      await logged(b, 'unpublished ann video', 'published ann video', 'unpublished ann audio');

      await act(a, 'await client.leave()');
      await b.until(() => globalThis.log.at(-1) === 'left ann Quit');
      assert.deepEqual(await a.run(() => [client.remoteUsers.length, globalThis.__e2e.holdings()]), [0, { tracks: 2, sockets: 0, links: 0 }]);
      await sees(a, ann, '#me video'); // Her own tracks go on until she closes them.
      assert.deepEqual(await a.run(() => tracks.map((track) => track.getMediaStreamTrack().enabled)), [true, true]);
      await act(a, "await client.join('app', 'elsewhere', null, 'ann')");
      await act(a, 'await client.publish(tracks)');
      await act(a, 'tracks.forEach((track) => track.close())');
      assert.equal(await a.run(() => globalThis.__e2e.holdings().tracks), 0);
    });

    test('a microphone and a camera that were created one by one are published together', async () => {
      const room = freshRoom();
      const b = await enter(bob, room, 'bob');
      const a = await enter(ann, room, 'ann');
      await act(a, 'globalThis.tracks = [await AgoraRTC.createMicrophoneAudioTrack(), await AgoraRTC.createCameraVideoTrack()]');
      await act(a, 'await client.publish(tracks)');
      await Promise.all([sees(b, ann, '#them video'), hears(b, ann, 'audio')]);
    });

    test('a missing or refused device has Agora’s code', async () => {
      const codes = async (devices) => {
        const page = await fixtures.open(fixtures.browser('chromium', ann, { devices }), `${strict.origin}/`);
        const code = (method) => page.run((method) => AgoraRTC[method]().then(() => 'given', ({ code }) => code), method);
        return Promise.all(['createMicrophoneAndCameraTracks', 'createMicrophoneAudioTrack', 'createCameraVideoTrack'].map(code));
      };
      assert.deepEqual(await codes('no-camera'), ['DEVICE_NOT_FOUND', 'given', 'DEVICE_NOT_FOUND']);
      assert.deepEqual(await codes('denied'), ['PERMISSION_DENIED', 'PERMISSION_DENIED', 'PERMISSION_DENIED']);
    });

    test('of two participants with one uid, the others keep the later', async () => {
      const room = freshRoom();
      const b = await enter(bob, room, 7);
      const a = await enter(ann, room, 8);
      await logged(b, 'joined 8');
      const c = await enter(cat, room, 8);
      await logged(b, 'joined 8', 'left 8 ServerTimeOut', 'joined 8');
      await act(a, 'await client.leave()');
      await create(c);
      await act(c, 'await client.publish(tracks)');
      await sees(b, cat, '#them video');
      assert.deepEqual(await b.run(() => client.remoteUsers.map(({ uid }) => uid)), [8]);
      assert.ok(!(await b.run(() => globalThis.log)).includes('left 8 Quit'));
      await logged(a, 'joined 7');
    });

    test('without a uid, a client gets a random number', async () => {
      const room = freshRoom();
      const [a, b] = [await enter(ann, room), await enter(bob, room)];
      const [one, other] = [await a.run(() => globalThis.uid), await b.run(() => globalThis.uid)];
      assert.ok(Number.isInteger(one) && Number.isInteger(other) && one !== other);
      await logged(a, `joined ${other}`);
      await logged(b, `joined ${one}`);
    });

    test('an unsupported property throws an error with its name', async () => {
      const page = await enter(ann, freshRoom());
      await create(page);
      for (const [source, name] of [
        ['AgoraRTC.createScreenVideoTrack()', 'AgoraRTC.createScreenVideoTrack'],
        ['AgoraRTC.createClient({ mode: "live" })', "AgoraRTC.createClient with mode 'live'"],
        ['AgoraRTC.onAutoplayFailed = () => {}', 'AgoraRTC.onAutoplayFailed'],
        ['client.setClientRole("host")', 'client.setClientRole'],
        ['client.on("network-quality", () => {})', "client.on('network-quality')"],
        ['tracks[0].setVolume(50)', 'track.setVolume'],
      ]) {
        const said = await page.run(`async () => { try { ${source} } catch ({ code, message }) { return code + ': ' + message; } }`);
        assert.ok(said?.startsWith(`NOT_SUPPORTED: ${name} is not offered by videocalls`), `${source}: ${said}`);
      }
      // Looking for a property is allowed.
      await page.run(async () => [JSON.stringify(await tracks[0]), `${client}`, 'then' in tracks[0], AgoraRTC.__esModule]);
      await assert.rejects(act(page, "await client.join('app', 'room', null, null)"), /has joined already/);
      await act(page, 'await client.publish(tracks)');
      await act(page, 'globalThis.more = await AgoraRTC.createMicrophoneAndCameraTracks()');
      await assert.rejects(act(page, 'await client.publish(more)'), /client.publish of a second microphone or camera is not offered/);
      await act(page, 'await client.leave()');
      await assert.rejects(act(page, 'await client.publish(tracks)'), /client.publish comes after client.join/);
    });

    test('join rejects when the call can not start', async () => {
      const page = await fixtures.open(fixtures.browser('chromium', ann), `${strict.origin}/`);
      const code = await page.run(() => AgoraRTC.createClient().join('app', 'r'.repeat(129), null, 1).catch(({ code }) => code));
      assert.equal(code, 'invalid-options');
    });
  });
});
