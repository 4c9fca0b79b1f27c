// The agent of a participant: runs in the participant's namespace and carries out the requests of the benchmark. It owns the
// browser, which can be controlled only from within the namespace, and a local port that leads to the server.

import { chromium, firefox } from '../lib/browser.mjs';
import { callSite, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { forward } from './forwarder.mjs';
import { meterScript } from './meter.mjs';

const LAUNCH = { chromium, firefox };
// Each namespace has a loopback interface of its own, so loopback candidates lead nowhere.
const OPTIONS = { preferences: { 'media.peerconnection.ice.loopback': false } };
/** Console errors that the simulated network causes. */
const NETWORK_FAULTS = [/WebSocket connection to/, /net::ERR_/, /establish a connection to the server/, /connection to ws:.* was interrupted/, /WebRTC: ICE failed/];

let browser;
let site;
let page;

const actions = {
  /** Starts the browser; returns the address of the signaling. */
  async launch(kind, person, server) {
    site = await callSite();
    browser = await LAUNCH[kind](person, OPTIONS);
    return `ws://localhost:${await forward(server)}/rooms`;
  },
  async open() {
    page = await prepare(await browser.open(`${site.origin}/`, { before: meterScript }));
    NETWORK_FAULTS.forEach((pattern) => page.expectFault(pattern));
  },
  run: (body, args) => page.run(body, ...args),
  until: (timeout, what, body, args) => page.until(body, ...args, patience(timeout, what)),
  async close() {
    const closing = page;
    page = undefined;
    await closing?.close();
  },
  async end() {
    await browser?.close();
    site?.stop();
    process.disconnect();
  },
};

process.on('message', async ({ number, action, args }) => {
  try {
    const value = await actions[action](...args);
    process.send({ number, value });
  } catch (error) {
    process.send({ number, error: error?.message ?? String(error) });
  }
});
// The benchmark has ended or crashed.
process.on('disconnect', () => process.exit());
