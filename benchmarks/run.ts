/**
 * `npm run bench`: measures, each against its baseline in the same run, and writes `benchmarks/results/<name>.json`.
 *
 *   npm run bench                                  all of them, about half an hour
 *   npm run bench -- decode --rounds 9
 *   npm run bench -- ingest --seconds 10
 *   npm run bench -- syslog-parse --rounds 5
 *   npm run bench -- syslog-ingest --seconds 30      needs rsyslogd and its ompgsql for the baseline
 *   npm run bench -- snmp --seconds 30             needs snmptrapd for the baseline; below 20 s a trial run
 *   npm run bench -- memory --minutes 1 --rate 100000
 *   npm run bench -- catch-up --seconds 60          the database away for so long, under live load
 *   npm run bench -- queue --rounds 3 --seconds 20   needs redis-server; asks what the shared queue costs, in one round of 30 s
 *   npm run bench -- rollups                         processor time of a flow, of 60 s at 50,000 flows/s
 *   npm run bench -- log-search --rows 10M         the whole day, about an hour; 1M by default
 *   npm run bench -- failover --runs 20 --rate 5000   as root; about twenty-five minutes
 *   npm run bench -- failover --profile fast         one of its two profiles alone
 *
 * Exit code 1 when a target was missed or something was lost. Nothing else should run on the machine.
 */
import { parseArgs } from 'node:util';
import { benchmarkCatchUp } from './catch-up.ts';
import { benchmarkDecoding } from './decode.ts';
import { benchmarkFailover, PROFILE_NAMES } from './failover.ts';
import { benchmarkIngest } from './ingest.ts';
import { benchmarkLogSearch } from './log-search.ts';
import { benchmarkMemory } from './memory.ts';
import { benchmarkQueue } from './queue.ts';
import { benchmarkRollups } from './rollups.ts';
import { benchmarkSnmp } from './snmp-ingest.ts';
import { benchmarkSyslogIngest } from './syslog-ingest.ts';
import { benchmarkSyslogParsing } from './syslog-parse.ts';
import { describeSurroundings, printReport, saveReport } from './support/report.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    minutes: { type: 'string' },
    rate: { type: 'string' },
    rows: { type: 'string', default: '1M' },
    runs: { type: 'string' },
    profile: { type: 'string' },
  },
});

const benchmarks = {
  decode: () => benchmarkDecoding({ rounds: numberOf('rounds', 7) }),
  ingest: () => benchmarkIngest({ seconds: numberOf('seconds', 60), rate: rateOrSearch() }),
  'syslog-parse': () => benchmarkSyslogParsing({ rounds: numberOf('rounds', 7) }),
  'syslog-ingest': () => benchmarkSyslogIngest({ seconds: numberOf('seconds', 60), rate: rateOrSearch() }),
  snmp: () => benchmarkSnmp({ seconds: numberOf('seconds', 60), rate: rateOrSearch() }),
  memory: () => benchmarkMemory({ minutes: numberOf('minutes', 10), rate: rateOrSearch() }),
  'catch-up': () => benchmarkCatchUp({ seconds: numberOf('seconds', 60), rate: rateOrSearch() }),
  queue: () => benchmarkQueue({ rounds: numberOf('rounds', 1), seconds: numberOf('seconds', 30) }),
  rollups: () => benchmarkRollups({ rate: rateOrSearch() ?? 50_000 }),
  failover: () =>
    benchmarkFailover({
      runs: numberOf('runs', 20),
      perSecond: rateOrSearch() ?? 5000,
      profiles: profilesOf(options.profile),
    }),
  'log-search': () => benchmarkLogSearch({ rows: rowsOf(options.rows) }),
};
type Name = keyof typeof benchmarks;
const isName = (word: string): word is Name => Object.hasOwn(benchmarks, word);

const unknown = positionals.filter((word) => !isName(word));
if (unknown.length > 0) {
  process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benchmarks).join(', ')}\n`);
  process.exit(2);
}
const chosen = positionals.filter(isName);
const surroundings = describeSurroundings();
for (const name of chosen.length > 0 ? chosen : Object.keys(benchmarks).filter(isName)) {
  const report = await benchmarks[name]();
  printReport(report, surroundings);
  process.stderr.write(`written to ${await saveReport(name, report, surroundings)}\n`);
  if (report.failures.length > 0) process.exitCode = 1;
}

function numberOf(name: 'rounds' | 'seconds' | 'minutes' | 'runs', usual: number): number {
  const value = Number(options[name] ?? usual);
  if (!(value > 0)) throw new Error(`--${name} needs a positive number`);
  return value;
}

/** Records (flows or messages) a second, or undefined: each finds or knows one. */
function rateOrSearch(): number | undefined {
  return options.rate === undefined ? undefined : Number(options.rate);
}

function profilesOf(name: string | undefined) {
  if (name === undefined) return PROFILE_NAMES;
  const named = PROFILE_NAMES.filter((profile) => profile === name);
  if (named.length === 0) throw new Error(`--profile is one of ${PROFILE_NAMES.join(', ')}`);
  return named;
}

/** `500k`, `10M`, `1200000`. */
function rowsOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([kM]?)$/.exec(text) ?? [];
  const rows = Number(digits) * (unit === 'M' ? 1e6 : unit === 'k' ? 1e3 : 1);
  if (!(rows >= 24)) throw new Error('--rows needs a number such as 500k or 10M');
  return rows;
}
