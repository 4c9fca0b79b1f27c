// PeerServer, as its documentation starts it.

import { createServer } from 'node:http';
import express from 'express';
import { ExpressPeerServer } from 'peer';
import { listen } from '../../servers/node.js';

const app = express();
const http = createServer(app);
app.use('/', ExpressPeerServer(http, { path: '/', concurrent_limit: 100_000 }));
await listen(http);
