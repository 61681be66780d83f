/**
 * A crowd of senders, in a process of its own: opens COUNT connections to PORT from 127.0.1.0/24, begins a message on each, tells
 * `open N closed M` when all have tried, and holds them until standard input ends.
 *
 *   node crowd.ts PORT COUNT
 */
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const AT_A_TIME = 100;

let tried = 0;
let settled = 0;
let open = 0;
let closed = 0;

function dial(): void {
  if (tried === count) return;
  tried += 1;
  const socket = connect({ port: port ?? 0, host: '127.0.0.1', localAddress: `127.0.1.${1 + (tried % 250)}` });
  let isSettled = false;
  let wasOpen = false;
  const settle = (): void => {
    if (isSettled) return;
    isSettled = true;
    settled += 1;
    if (settled === count) setTimeout(() => process.stdout.write(`open ${open} closed ${closed}\n`), 200);
    else dial();
  };
  socket.on('connect', () => {
    wasOpen = true;
    open += 1;
    socket.write('<13>half a message', settle);
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    if (wasOpen) open -= 1;
    closed += 1;
    settle();
  });
  socket.resume();
}

for (let index = 0; index < AT_A_TIME; index++) dial();
process.stdin.on('end', () => process.exit());
process.stdin.resume();
