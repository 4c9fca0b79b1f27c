// Each of our dialects on the servers that speak it, theirs and ours, with their page and among us.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { DIALECTS } from '../lib/dialects.mjs';
import { independentSite } from '../lib/independent.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat } from '../lib/participants.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { STRICT_POLICY } from '../lib/site.mjs';
import { fixtures } from '../lib/fixtures.mjs';

/** The dialects that are tried; in brackets the servers of `DIALECTS` that cannot be used yet. */
const TRIED = {
  relay: [],
  'socketio-rooms': [],
  'channels-mesh': [],
  appointments: [],
};

const REMOTE = '#remoteVideoElement';

/** They see and hear each other, each of them in some element of their page. */
async function perceiveIn(one, elementOfOne, other, elementOfOther) {
  await Promise.all([sees(one, other.person, elementOfOne), sees(other, one.person, elementOfOther)]);
  await Promise.all([hears(one, other.person, elementOfOne), hears(other, one.person, elementOfOther)]);
}

describe('dialects', () => {
  const scene = fixtures();
  let site;
  let independent;

  before(async () => {
    site = await callSite({}, { policy: STRICT_POLICY.replace('connect-src', 'connect-src http:') });
    scene.defer(() => site.stop());
    independent = await independentSite();
    scene.defer(() => independent.stop());
  });

  const chromium = (person) => scene.browser('chromium', person);

  for (const [name, untried] of Object.entries(TRIED)) {
    const dialect = DIALECTS[name];
    for (const [index, [label, start]] of Object.entries(dialect.servers).entries()) {
      if (untried.includes(label)) continue;

      describe(`${name}, ${label}`, () => {
        let server;

        before(async () => {
          server = await start(scene);
        });

        const enter = async (person, options) => {
          const { page, error } = await scene.join(chromium(person), site.origin, options);
          assert.equal(error, undefined);
          if (dialect.chat) {
            await page.run(() => {
              globalThis.said = [];
              globalThis.call.on('text', ({ text }) => globalThis.said.push(text));
            });
          }
          return page;
        };
        const theirPage = (person, needs, name) => dialect.enter(scene, chromium(person), independent.origin, needs, name);
        const told = (page) =>
          page.until(() => globalThis.log.find(({ type }) => type === 'participant-left')?.reason, patience(20_000, 'participant-left'));
        const says = (page, text) => page.run((text) => globalThis.call.sendText(text), text);
        const hasRead = (page, text) => page.until((text) => globalThis.said.includes(text), text);

        /** Our page and theirs see and hear each other. */
        const perceive = (us, them) => perceiveIn(us, REMOTE, them, dialect.remote(us.person));

        for (const [ourRole, theirRole] of dialect.roles) {
          const withLeaving = !dialect.silent || (index === 0 && ourRole === dialect.roles[0][0]);
          const who = dialect.roles.length > 1 ? `, we are the ${ourRole}` : '';

          test(`we come first${who}`, async () => {
            const meeting = await server.meet();
            const us = await enter(ann, meeting.ours(ourRole));
            const them = await theirPage(bob, meeting.theirs(theirRole));
            await dialect.engage(them, meeting.theirs(theirRole));
            await perceive(us, them);
            if (dialect.chat) {
              await says(us, 'good morning');
              await dialect.chat.reads(them, 'Ann', 'good morning');
            }
            if (!withLeaving) return;
            await us.run(() => globalThis.call.endCall());
            await dialect.misses(them, ann);
          });

          test(`they come first${who}`, async () => {
            const meeting = await server.meet();
            const them = await theirPage(bob, meeting.theirs(theirRole));
            const us = await enter(ann, meeting.ours(ourRole));
            await dialect.engage(them, meeting.theirs(theirRole));
            await perceive(us, them);
            if (dialect.chat) {
              await dialect.chat.say(them, 'good evening');
              await hasRead(us, 'good evening');
            }
            if (!withLeaving) return;
            await dialect.leave(them);
            assert.equal(await told(us), dialect.farewell);
            const next = await theirPage(cat, meeting.theirs(theirRole));
            await dialect.engage(next, meeting.theirs(theirRole));
            await perceive(us, next);
          });
        }

        test('we are among ourselves', async () => {
          const meeting = await server.meet();
          const [oneRole, otherRole] = dialect.roles[0];
          const one = await enter(ann, meeting.ours(oneRole));
          const other = await enter(bob, meeting.ours(otherRole));
          await perceiveIn(one, REMOTE, other, REMOTE);
          if (dialect.chat) {
            await says(one, 'hello');
            await hasRead(other, 'hello');
          }
          if (dialect.silent) return;
          await other.run(() => globalThis.call.endCall());
          await told(one);
        });

        if (index === 0 && dialect.firefox) {
          test('their page is in Firefox', async () => {
            const meeting = await server.meet();
            const them = await dialect.enter(scene, scene.browser('firefox', bob), independent.origin, meeting.theirs());
            await perceive(await enter(ann, meeting.ours()), them);
          });
        }

        if (index > 0 && label !== 'our server') return;

        for (const [what, work] of Object.entries(dialect.further ?? {})) {
          test(what, async () => work({ meeting: await server.meet(), enterUs: enter, enterThem: theirPage, perceive }));
        }

        if (label !== 'our server') return; // Elsewhere that is tried in independent.test.mjs.

        test('they are among themselves', async () => {
          const meeting = await server.meet();
          const [oneRole, otherRole] = dialect.roles[0];
          const one = await theirPage(ann, meeting.theirs(oneRole));
          const other = await theirPage(bob, meeting.theirs(otherRole));
          await dialect.engage(other, meeting.theirs(otherRole));
          await perceiveIn(one, dialect.remote(bob), other, dialect.remote(ann));
          if (dialect.silent) return;
          await dialect.leave(other);
          await dialect.misses(one, bob);
        });
      });
    }
  }
});
