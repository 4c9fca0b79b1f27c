// Each of our dialects on each server that speaks it, theirs and ours: with the page of that system, and
// between two of our pages. lib/dialects.mjs has the systems.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { callSite } from '../lib/calls.mjs';
import { DIALECTS } from '../lib/dialects.mjs';
import { independentSite } from '../lib/independent.mjs';
import { patience } from '../lib/page.mjs';
import { ann, bob, cat } from '../lib/participants.mjs';
import { hears, sees } from '../lib/media-probe.mjs';
import { STRICT_POLICY } from '../lib/site.mjs';
import { createFixtures } from '../lib/fixtures.mjs';

const REMOTE = '#remoteVideoElement';

/** Waits until both see and hear each other, each in an element of their page. */
async function bothInCallAt(one, elementOfOne, other, elementOfOther) {
  await Promise.all([sees(one, other.person, elementOfOne), sees(other, one.person, elementOfOther)]);
  await Promise.all([hears(one, other.person, elementOfOne), hears(other, one.person, elementOfOther)]);
}

describe('dialects', () => {
  const fixtures = createFixtures();
  let site;
  let independent;

  before(async () => {
    site = await callSite({}, { policy: STRICT_POLICY.replace('connect-src', 'connect-src http:') });
    fixtures.defer(() => site.stop());
    independent = await independentSite();
    fixtures.defer(() => independent.stop());
  });

  const chromium = (person) => fixtures.browser('chromium', person);

  for (const [name, dialect] of Object.entries(DIALECTS)) {
    for (const [index, [label, start]] of Object.entries(dialect.servers).entries()) {
      describe(`${name}, ${label}`, () => {
        let server;

        before(async () => {
          server = await start(fixtures);
        });

        const joinOurs = async (person, options) => {
          const { page, error } = await fixtures.join(chromium(person), site.origin, options);
          assert.equal(error, undefined);
          if (dialect.chat) {
            await page.run(() => {
              globalThis.texts = [];
              globalThis.call.on('text', ({ text }) => globalThis.texts.push(text));
            });
          }
          return page;
        };
        const joinTheirs = (person, needs, name) => dialect.enter(fixtures, chromium(person), independent.origin, needs, name);
        const leaveReason = (page) =>
          page.until(() => globalThis.log.find(({ type }) => type === 'participant-left')?.reason, patience(20_000, 'participant-left'));
        const say = (page, text) => page.run((text) => globalThis.call.sendText(text), text);
        const reads = (page, text) => page.until((text) => globalThis.texts.includes(text), text);

        /** Waits until our page and theirs see and hear each other. */
        const bothInCall = (us, them) => bothInCallAt(us, REMOTE, them, dialect.remote(us.person));

        for (const [ourRole, theirRole] of dialect.roles) {
          const testsLeaving = !dialect.noPresence || (index === 0 && ourRole === dialect.roles[0][0]);
          const who = dialect.roles.length > 1 ? `, we are the ${ourRole}` : '';

          test(`we join first${who}: both are in a call`, async () => {
            const call = await server.newCall();
            const us = await joinOurs(ann, call.ours(ourRole));
            const them = await joinTheirs(bob, call.theirs(theirRole));
            await dialect.afterWeJoined(them, call.theirs(theirRole));
            await bothInCall(us, them);
            if (dialect.chat) {
              await say(us, 'good morning');
              await dialect.chat.reads(them, 'Ann', 'good morning');
            }
            if (!testsLeaving) return;
            await us.run(() => globalThis.call.endCall());
            await dialect.noticesLeaving(them, ann);
          });

          test(`they join first${who}: both are in a call`, async () => {
            const call = await server.newCall();
            const them = await joinTheirs(bob, call.theirs(theirRole));
            const us = await joinOurs(ann, call.ours(ourRole));
            await dialect.afterWeJoined(them, call.theirs(theirRole));
            await bothInCall(us, them);
            if (dialect.chat) {
              await dialect.chat.say(them, 'good evening');
              await reads(us, 'good evening');
            }
            if (!testsLeaving) return;
            await dialect.leave(them);
            assert.equal(await leaveReason(us), dialect.leaveReason);
            const next = await joinTheirs(cat, call.theirs(theirRole));
            await dialect.afterWeJoined(next, call.theirs(theirRole));
            await bothInCall(us, next);
          });
        }

        test('two of our pages are in a call', async () => {
          const call = await server.newCall();
          const [oneRole, otherRole] = dialect.roles[0];
          const one = await joinOurs(ann, call.ours(oneRole));
          const other = await joinOurs(bob, call.ours(otherRole));
          await bothInCallAt(one, REMOTE, other, REMOTE);
          if (dialect.chat) {
            await say(one, 'hello');
            await reads(other, 'hello');
          }
          if (dialect.noPresence) return;
          await other.run(() => globalThis.call.endCall());
          await leaveReason(one);
        });

        if (index === 0 && dialect.firefox) {
          test('their page in Firefox is in a call with ours', async () => {
            const call = await server.newCall();
            const them = await dialect.enter(fixtures, fixtures.browser('firefox', bob), independent.origin, call.theirs());
            await bothInCall(await joinOurs(ann, call.ours()), them);
          });
        }

        if (index > 0 && label !== 'our server') return;

        for (const [what, run] of Object.entries(dialect.extraTests ?? {})) {
          test(what, async () => run({ call: await server.newCall(), joinOurs, joinTheirs, bothInCall }));
        }

        if (label !== 'our server') return; // independent.test.mjs has the same on their servers.

        test('two of their pages are in a call', async () => {
          const call = await server.newCall();
          const [oneRole, otherRole] = dialect.roles[0];
          const one = await joinTheirs(ann, call.theirs(oneRole));
          const other = await joinTheirs(bob, call.theirs(otherRole));
          await dialect.afterWeJoined(other, call.theirs(otherRole));
          await bothInCallAt(one, dialect.remote(bob), other, dialect.remote(ann));
          if (dialect.noPresence) return;
          await dialect.leave(other);
          await dialect.noticesLeaving(one, bob);
        });
      });
    }
  }
});
