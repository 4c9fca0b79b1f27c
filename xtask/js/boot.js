// Starts the app. A page that cannot start it says so instead of staying empty, and one whose app has
// broken says that: what it held, the glue has given back.

import glue from './app_glue.js';

const broken = document.querySelector('#broken');
const { load, holdings } = glue(() => {
  broken.hidden = false;
  document.body.replaceChildren(broken);
});

load({ module_or_path: new URL('app_bg.wasm', import.meta.url) }).then(offerFaults, (error) => {
  document.body.append('This page could not be started. Please reload it, or use a newer browser.');
  throw error;
});

/** The developers' switch: `?debug` in the address. */
async function offerFaults() {
  if (!new URLSearchParams(location.search).has('debug')) return;
  const { panel } = await import('/videocalls/simulate.js');
  document.body.append(panel(holdings));
}
