// Starts real browsers. A person has a process of their own: in one headless browser only the tab
// in front gets frames.

import puppeteer from 'puppeteer-core';
import { mediaFiles } from './media.mjs';
import { Page } from './page.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
];

const FIREFOX_PREFERENCES = {
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'media.autoplay.default': 0,
  'media.autoplay.blocking_policy': 0,
  'media.gmp-manager.updateEnabled': false,
  'network.proxy.type': 0,
};

/** By these Puppeteer keeps hidden pages as quick as others, which is not what people's browsers do. */
const WAKEFUL = [
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

// A page that says nothing for so long will not say anything any more.
const PATIENCE = 60_000;

/** Starts Chromium, its fake devices fed with the person's picture and tone; `drowsy` slows hidden pages. */
export async function chromium(person, options = {}) {
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    protocolTimeout: PATIENCE,
    pipe: true,
    ignoreDefaultArgs: options.drowsy ? WAKEFUL : [],
    args: [...CHROMIUM_FLAGS, ...deviceFlags(person, options), ...(options.args ?? [])],
  });
  return new Browser(browser, person);
}

/**
 * Starts Firefox; what it sends is made in the page, see `standInCamera` in probe.mjs. `preferences`
 * are its own names, as in `about:config`.
 */
export async function firefox(person, { preferences } = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    protocolTimeout: PATIENCE,
    extraPrefsFirefox: { ...FIREFOX_PREFERENCES, 'media.navigator.audio.fake_frequency': person.tone, ...preferences },
  });
  return new Browser(browser, person, { standIn: person });
}

/**
 * `devices`: `all` (granted), `two-cameras` (granted), `asks` (as the page's permissions say), `denied`,
 * `no-camera`, `none`.
 */
function deviceFlags(person, { devices = 'all', fps }) {
  const files = mediaFiles(person, { fps });
  const count = { 'no-camera': '0', none: '0', 'two-cameras': '2' }[devices];
  const cameras = count ? `=device-count=${count}` : '';
  const answers = { denied: ['--use-fake-ui-for-media-stream=deny'], asks: [] };
  return [
    `--use-fake-device-for-media-stream${cameras}`,
    ...(answers[devices] ?? ['--use-fake-ui-for-media-stream']),
    ...(count === '0' ? [] : [`--use-file-for-fake-video-capture=${files.video}`]),
    `--use-file-for-fake-audio-capture=${files.audio}`,
  ];
}

export class Browser {
  #browser;
  #probe;

  constructor(browser, person, probe = {}) {
    this.#browser = browser;
    this.#probe = probe;
    this.person = person;
    this.kind = probe.standIn ? 'firefox' : 'chromium';
  }

  /** Opens a page that is watched for faults. */
  async open(url, options = {}) {
    const page = await Page.create(await this.#browser.newPage(), this.person, { ...this.#probe, ...options });
    await page.goto(url);
    return page;
  }

  /** Opens an empty tab in front of the others, which are hidden until it is closed. */
  async cover() {
    const cover = await this.#browser.newPage();
    await cover.bringToFront();
    return cover;
  }

  /** Stops all of its processes, as the sleep of a machine does, until it is woken. */
  sleep() {
    this.#signal('SIGSTOP');
  }

  wake() {
    this.#signal('SIGCONT');
  }

  /** Ends all of its processes without a word to anyone, as a power cut does. */
  kill() {
    this.#signal('SIGKILL');
  }

  #signal(signal) {
    process.kill(-this.#browser.process().pid, signal);
  }

  close() {
    return this.#browser.close();
  }
}
