// Two pages of the package on a relay, where no server reports who leaves: one of them is reloaded.

import { before, describe, test } from 'node:test';
import { callSite, prepare } from '../lib/calls.mjs';
import { limit } from '../lib/faults.mjs';
import { createFixtures } from '../lib/fixtures.mjs';
import { inCall, sees } from '../lib/media-probe.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, freshRoom } from '../lib/participants.mjs';
import { startServer } from '../lib/server.mjs';

const REMOTE = '#remoteVideoElement';
/** How long the other page may be without the reloaded one, in milliseconds. */
const BUDGET = 3000;

describe('a reload on a relay', () => {
  const fixtures = createFixtures();
  let server;
  let site;

  before(async () => {
    server = await startServer();
    fixtures.defer(() => server.stop());
    site = await callSite();
    fixtures.defer(() => site.stop());
  });

  for (const [reloaded, kind] of [['first', 'chromium'], ['second', 'firefox']]) {
    test(`the page that joined ${reloaded} is reloaded in ${kind}: both see each other again soon`, async () => {
      const options = { signaling: { url: server.socket(`/relay/${freshRoom()}`), dialect: 'relay' } };
      const kinds = reloaded === 'first' ? [kind, 'chromium'] : ['chromium', kind];
      const { page: first } = await fixtures.join(fixtures.browser(kinds[0], ann), site.origin, options);
      const { page: second } = await fixtures.join(fixtures.browser(kinds[1], bob), site.origin, options);
      await inCall(first, second, REMOTE);
      const [newcomer, other] = reloaded === 'first' ? [first, second] : [second, first];
      // Silence means a loss only once media has arrived for a while.
      await other.until((selector) => document.querySelector(selector).currentTime > 2, REMOTE, patience(9000, 'two seconds of media'));

      await newcomer.raw.reload();
      await prepare(newcomer);
      await newcomer.run((options) => globalThis.start(options), options);
      await Promise.all([sees(newcomer, other.person, REMOTE, limit(BUDGET)), sees(other, newcomer.person, REMOTE, limit(BUDGET))]);
    });
  }
});
