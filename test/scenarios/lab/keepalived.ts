/**
 * The baseline: two collectors that know nothing of each other, and keepalived with its defaults (VRRP version 2, an advertisement every
 * second) that moves the address. Power is cut from the node that has it; the gap is what the exporter sent meanwhile.
 *
 *   node test/scenarios/lab/keepalived.ts [--runs 3] [--rate 5000]
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findCommand, skipWithout } from '../../support/packages.ts';
import { eventually } from '../../support/processes.ts';
import type { Host } from './host.ts';
import { whyNoNamespaces } from './ip.ts';
import { Lab, VIRTUAL_IP } from './lab.ts';
import type { Outcome } from './traffic/compare.ts';

const BEFORE_MS = 3000;
const AFTER_MS = 6000;

/** Power-off of the master at `perSecond` datagrams of NetFlow v5: needs root and the packages of the lab. */
export async function keepalivedPowerOff(perSecond: number): Promise<Outcome> {
  const lab = await Lab.start();
  try {
    const listeners = [{ family: 'flow', port: 2055 }];
    await Promise.all([lab.node(lab.a, { listeners }).start(), lab.node(lab.b, { listeners }).start()]);
    await startKeepalived(lab, lab.a, 'MASTER', 150);
    await eventually('a has the address', () => lab.a.carries(VIRTUAL_IP));
    await startKeepalived(lab, lab.b, 'BACKUP', 100);
    // It announces the address for some seconds after it took it.
    await pause(BEFORE_MS);
    const exporter = await lab.startExporter({ kind: 'netflow5', perSecond });
    await pause(BEFORE_MS);
    await lab.faults.powerOff(lab.a);
    await pause(AFTER_MS);
    await exporter.stop();
    return await lab.settle(exporter);
  } finally {
    await lab.remove();
  }
}

async function startKeepalived(lab: Lab, host: Host, state: 'MASTER' | 'BACKUP', priority: number): Promise<void> {
  const program = findCommand('keepalived');
  if (program === undefined) throw new Error('keepalived is not installed');
  const file = join(lab.folder, `keepalived-${host.name}.conf`);
  const settings = `vrrp_instance collector {
    state ${state}
    interface ${host.interface}
    virtual_router_id 51
    priority ${priority}
    virtual_ipaddress {
        ${VIRTUAL_IP}/24
    }
}
`;
  await writeFile(file, settings);
  const ids = ['pid', 'vrrp_pid'].map((name) => `--${name}=${join(lab.folder, `${name}-${host.name}`)}`);
  host.start(program, ['--dont-fork', '--vrrp', '--use-file', file, ...ids], { stdio: 'ignore' });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '3' }, rate: { type: 'string', default: '5000' } },
  });
  const reason = whyNoNamespaces() || skipWithout('keepalived', 'arping');
  if (reason === false) await measure(Number(values.runs), Number(values.rate));
  else process.stdout.write(`not measured: ${reason}\n`);
}

async function measure(runs: number, perSecond: number): Promise<void> {
  const outcomes: Outcome[] = [];
  for (let run = 1; run <= runs; run += 1) {
    const outcome = await keepalivedPowerOff(perSecond);
    outcomes.push(outcome);
    process.stderr.write(`run ${run}: gap ${outcome.longestGapMs} ms, ${outcome.missing} of ${outcome.sent} lost\n`);
  }
  process.stdout.write(`${JSON.stringify({ perSecond, outcomes }, undefined, 2)}\n`);
}
