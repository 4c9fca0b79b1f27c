// The tests' own eyes and ears, tried on calls between hand-written pages: a suite that would not
// notice a missing picture proves nothing.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { BENCH, PAGES } from '../lib/paths.mjs';
import { patience } from '../lib/page.mjs';
import { hears, hearsNothing, inCall, sees } from '../lib/media-probe.mjs';
import { startServer } from '../lib/server.mjs';
import { startSite } from '../lib/site.mjs';
import { fixtures } from '../lib/fixtures.mjs';

describe('what the tests see and hear', () => {
  const scene = fixtures();
  const remote = '#remoteVideoElement';
  let server;
  let site;

  before(async () => {
    server = await startServer();
    scene.defer(() => server.stop());
    site = await startSite({ '/': PAGES, '/bench/': BENCH });
    scene.defer(() => site.stop());
  });

  const enter = async (browser, kind, room) => {
    const page = await scene.open(browser, `${site.origin}/`);
    const { name } = page.person;
    await page.run(
      async (kind, options) => {
        const { start } = await import(`/bench/${kind}.js`);
        globalThis.call = await start(options);
      },
      kind,
      { signaling: server.socket('/rooms'), room, name },
    );
    return page;
  };

  for (const kind of ['textbook', 'best']) {
    test(`the ${kind} page connects two Chromiums`, async () => {
      const room = freshRoom();
      const a = await enter(scene.browser('chromium', ann), kind, room);
      const b = await enter(scene.browser('chromium', bob), kind, room);
      await inCall(a, b, remote);
    });
  }

  test('a black picture is no one, a muted microphone is silence', async () => {
    const room = freshRoom();
    const a = await enter(scene.browser('chromium', ann), 'textbook', room);
    const b = await enter(scene.browser('chromium', bob), 'textbook', room);
    await inCall(a, b, remote);
    await a.run(() => {
      for (const track of document.querySelector('#localVideoElement').srcObject.getTracks()) track.enabled = false;
    });
    await b.until(() => globalThis.__e2e.see(document.querySelector('#remoteVideoElement')) === null, patience(5000));
    await hearsNothing(b, remote);
    await assert.rejects(sees(b, ann, remote, 1000));
    await assert.rejects(hears(b, ann, remote, 1500));
  });

  test('a fault in a page is noticed', async () => {
    const page = await (await scene.browser('chromium', ann)).open(`${site.origin}/`);
    await page.run(() => {
      setTimeout(() => {
        throw new Error('thrown on purpose');
      });
      Promise.reject(new Error('rejected on purpose'));
      document.head.append(Object.assign(document.createElement('style'), { textContent: '*{}' }));
    });
    await page.until(() => globalThis.__e2e.faults.length >= 3);
    await assert.rejects(page.assertClean(), ({ message }) =>
      ['thrown on purpose', 'rejected on purpose', 'policy violation: style-src'].every((text) => message.includes(text)),
    );
    for (const fault of [/on purpose/, /policy violation: style-src/, /Content Security Policy/]) page.expectFault(fault);
    await page.close();
  });
});
