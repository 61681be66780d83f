/**
 * `npm run lab`: a pair, an exporter, a database and a Redis host in network namespaces, for a person to break things in.
 * Ctrl-C takes everything away.
 *
 *   npm run lab -- [--redis] [--rate 1000] [--plain]
 *
 * --plain: only the hosts; nothing is started on the nodes, and nobody has the virtual IP.
 */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { systemClock } from '../../src/runtime/clock.ts';
import { messageOf } from '../../src/runtime/errors.ts';
import { inRounds } from '../../src/runtime/rounds.ts';
import { installPackages, missingPackages, skipWithout } from '../support/packages.ts';
import { eventually } from '../support/processes.ts';
import { whyNoNamespaces } from './lab/ip.ts';
import { Lab, VIRTUAL_IP } from './lab/lab.ts';
import { holderOf, pairOf } from './lab/pair.ts';
import type { NumberedExporter } from './lab/traffic/exporter.ts';

const COMMANDS = ['ip', 'bridge', 'arping', 'ndptool', 'ndisc6', 'ping'];
const REPORT_MS = 5000;

const { values } = parseArgs({
  options: {
    redis: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
    rate: { type: 'string', default: '1000' },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const reason = whyNoNamespaces() || (await withoutPackages());
  if (reason !== false) {
    process.stderr.write(`There can be no lab here: ${reason}.\n`);
    return 1;
  }
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write('Bringing up the lab: a database and two nodes take some seconds …\n');
  const lab = await Lab.start({ redis: values.redis });
  try {
    const exporter = values.plain ? undefined : await startTraffic(lab);
    process.stdout.write(manual(lab));
    const endReports = exporter && inRounds(systemClock, REPORT_MS, () => tell(lab, exporter));
    await ended;
    endReports?.();
  } finally {
    process.stdout.write('\nTaking it away …\n');
    await lab.remove();
  }
  return 0;
}

/** Installs what is missing. @returns why that cannot be */
async function withoutPackages(): Promise<string | false> {
  const commands = [...COMMANDS, ...(values.redis ? ['redis-server'] : [])];
  if (skipWithout(...commands) === false) return false;
  await installPackages(missingPackages().filter((each) => each.commands.some((name) => commands.includes(name))));
  return skipWithout(...commands);
}

/** The pair, and an exporter that sends to its virtual IP. */
async function startTraffic(lab: Lab): Promise<NumberedExporter> {
  const { a, b } = await pairOf(lab);
  await Promise.all([a.start(), b.start()]);
  await eventually('one of them has the virtual IP', async () => (await holderOf(lab)) !== undefined);
  return lab.startExporter({ kind: 'netflow9', perSecond: Number(values.rate) });
}

/** Whoever breaks the database is told so, and sees who has the address all the same. */
async function tell(lab: Lab, exporter: NumberedExporter): Promise<void> {
  const holder = (await holderOf(lab))?.name ?? 'nobody, or both';
  const told = await lab.check(exporter).then(
    ({ sent, stored, double, longestGapMs }) =>
      `sent ${sent}, stored ${stored}, double ${double}, longest gap ${longestGapMs} ms (what is on its way counts as missing)`,
    (error: unknown) => `what is stored cannot be asked: ${messageOf(error)}`,
  );
  process.stdout.write(`${new Date().toISOString()}  address: ${holder}; ${told}\n`);
}

function manual({ segment, a, b, folder, database }: Lab): string {
  const inA = `ip netns exec ${a.namespace}`;
  return `
Machines (10.77.0.0/24, fd77::/64), virtual IP ${VIRTUAL_IP}
${segment.hosts.map((host) => `  ${host.name.padEnd(9)} ${host.address.padEnd(10)}  ip netns exec ${host.namespace} bash`).join('\n')}
  the switch            ip netns exec ${segment.namespace} bash

Files            ${folder}/{a,b}: configuration, state, dogwatch.log
Both on one screen, from a
                 ${inA} npm run -s dogwatch -- status --config ${folder}/a/dogwatch.yaml
Likewise         events --last 10m, switchover, check --pair
Database         psql -h ${database.address.host} -U dogwatch dogwatch

How to break things
  power off a           ip netns pids ${a.namespace} | xargs kill -9; ip -n ${segment.namespace} link set dev a down
  pull a's cable        ip -n ${segment.namespace} link set dev a down          (up)
  a stands still        ip netns pids ${a.namespace} | xargs kill -STOP         (-CONT)
  a is cut in silence   bridge -n ${segment.namespace} link set dev a state 0   (3)
  a does not reach b    ip -n ${a.namespace} neigh replace ${b.address} lladdr 02:00:00:00:00:ff nud permanent dev eth0   (neigh del ${b.address} dev eth0)
  a stranger takes the address
                        ip -n ${segment.hosts[2]?.namespace} address add ${VIRTUAL_IP}/24 dev eth0   (del)
  the database stops    ip netns pids ${database.host.namespace} | xargs kill -STOP   (-CONT)

Ctrl-C takes it all away.
`;
}
