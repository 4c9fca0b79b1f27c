// Runs in a person's namespace, and does there what the bench asks for: it holds their browser, whose
// controls are reached only from within, and their way to the server.

import { chromium, firefox } from '../lib/browser.mjs';
import { callSite, prepare } from '../lib/calls.mjs';
import { patience } from '../lib/page.mjs';
import { forward } from './forwarder.mjs';
import { meterScript } from './meter.mjs';

const LAUNCH = { chromium, firefox };
// Each namespace has a loopback of its own: what is offered there leads nowhere.
const OPTIONS = { preferences: { 'media.peerconnection.ice.loopback': false } };
/** What a browser says of a network that is bad on purpose. */
const NETWORK_FAULTS = [/WebSocket connection to/, /net::ERR_/, /establish a connection to the server/, /connection to ws:.* was interrupted/, /WebRTC: ICE failed/];

let browser;
let site;
let page;

const deeds = {
  /** Starts the browser; gives the address of the signaling. */
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

process.on('message', async ({ number, deed, args }) => {
  try {
    const value = await deeds[deed](...args);
    process.send({ number, value });
  } catch (error) {
    process.send({ number, error: error?.message ?? String(error) });
  }
});
// The bench is gone, with or without a word.
process.on('disconnect', () => process.exit());
