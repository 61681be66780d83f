import type { Command } from 'commander';
import { registerSendFlows } from './send/flows.ts';
import { registerSendSyslog } from './send/syslog.ts';
import { registerSendTraps } from './send/traps.ts';

/** `dogwatch send`: made-up traffic of each family. */
export function registerSend(program: Command): void {
  const send = program.command('send').summary('make traffic and send it').description('Makes traffic and sends it.');
  registerSendFlows(send);
  registerSendSyslog(send);
  registerSendTraps(send);
}
