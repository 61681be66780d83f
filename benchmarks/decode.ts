import { LOSSES } from '../collectors/accounts/loss-table.ts';
import type { FlowSinks } from '../collectors/flow/sinks.ts';
import { FlowDecoder } from '../collectors/flow/flow-decoder.ts';
import { APPLICATIONS, COUNTER_SAMPLES, EXPORTERS, FLOWS, INTERFACES } from '../collectors/flow/tables.ts';
import { tuneEngine } from '../src/runtime/engine.ts';
import { createLoad, type LoadProtocol } from '../src/traffic/load.ts';
import { Baseline } from './support/baseline.ts';
import { DiscardingSink } from './support/discarding-sink.ts';
import type { BenchmarkReport } from './support/report.ts';
import { count, type Spread, spreadOf } from './support/statistics.ts';

const ROUND_SECONDS = 1;
const EXPORTERS_OF_LOAD = 20;
const DATAGRAMS = 2000;
const TARGET_RECORDS_PER_SECOND = 5e6;
const TARGET_RATIO = 8;

/** Which of our protocols the baseline reads as well. */
const CASES: readonly { protocol: LoadProtocol; title: string; sequenceOffset: number; baseline: boolean }[] = [
  { protocol: 'v9', title: 'NetFlow v9, 20 fields', sequenceOffset: 12, baseline: true },
  { protocol: 'v5', title: 'NetFlow v5', sequenceOffset: 16, baseline: true },
  { protocol: 'ipfix', title: 'IPFIX, 20 fields', sequenceOffset: 8, baseline: false },
  { protocol: 'sflow', title: 'sFlow v5 samples', sequenceOffset: 16, baseline: false },
];

interface Prepared {
  readonly bytes: Buffer;
  readonly sourcePort: number;
  /** What the sequence number grows by each time all datagrams were used once. */
  readonly sequencePerPass: number;
}

/** Datagrams in memory to COPY rows in memory, on one core. */
export async function benchmarkDecoding({ rounds }: { rounds: number }): Promise<BenchmarkReport> {
  tuneEngine(); // as the collector does
  const measured = [];
  for (const each of CASES) measured.push({ ...each, ...(await measure(each, rounds)) });
  const [v9] = measured;
  const ratio = v9?.baseline === undefined ? Number.NaN : v9.ours.median / v9.baseline.median;
  const failures = [
    ...measured.flatMap(({ title, lost }) => (lost === '' ? [] : [`${title}: ${lost}`])),
    ...((v9?.ours.median ?? 0) < TARGET_RECORDS_PER_SECOND
      ? [`v9 below ${count(TARGET_RECORDS_PER_SECOND)} records/s`]
      : []),
    ...(ratio >= TARGET_RATIO ? [] : [`v9 below ${TARGET_RATIO} times node-netflowv9`]),
  ];
  return {
    title: 'Decoding into COPY rows, one core',
    columns: ['', 'records/s', 'lowest – highest', 'node-netflowv9', 'lowest – highest', 'ratio'],
    rows: measured.map(({ title, ours, baseline }) => [
      title,
      count(ours.median),
      range(ours),
      baseline === undefined ? '' : count(baseline.median),
      baseline === undefined ? '' : range(baseline),
      baseline === undefined ? '' : `${(ours.median / baseline.median).toFixed(1)} ×`,
    ]),
    notes: [
      `Median of ${rounds} rounds of ${ROUND_SECONDS} s, interleaved; ${DATAGRAMS} datagrams of ${EXPORTERS_OF_LOAD} exporters, again and again. `,
      'Before, both read every datagram once, and their bytes add up to what the generator put in. ',
    ],
    measured,
    failures,
  };
}

function range({ lowest, highest }: Spread): string {
  return `${count(lowest)} – ${count(highest)}`;
}

async function measure(
  { protocol, sequenceOffset, baseline }: (typeof CASES)[number],
  rounds: number,
): Promise<{ ours: Spread; baseline: Spread | undefined; lost: string }> {
  const { datagrams, records, octets } = prepare(protocol);
  const bench = new DecoderBench(datagrams, sequenceOffset);
  const lost = [bench.check(records, octets)];
  const other = baseline ? new Baseline() : undefined;
  const first = await other?.load(datagrams);
  if (first !== undefined && first.octets !== octets)
    lost.push(`node-netflowv9 read ${first.octets} bytes of ${octets}`);
  bench.round(ROUND_SECONDS / 2); // warm
  await other?.round(ROUND_SECONDS / 2);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(bench.round(ROUND_SECONDS));
    const answer = await other?.round(ROUND_SECONDS);
    if (answer !== undefined) theirs.push(answer.records / answer.seconds);
  }
  other?.close();
  return {
    ours: spreadOf(ours),
    baseline: other === undefined ? undefined : spreadOf(theirs),
    lost: lost.filter(Boolean).join('; '),
  };
}

function prepare(protocol: LoadProtocol): { datagrams: Prepared[]; records: number; octets: number } {
  const load = createLoad({ protocol, exporters: EXPORTERS_OF_LOAD });
  const { datagrams, totals } = load.take(DATAGRAMS, Date.now());
  return {
    datagrams: datagrams.map((bytes, index) => {
      const exporter = load.exporters[index % load.exporters.length];
      if (exporter === undefined) throw new Error('a load without exporters');
      const sequencePerPass = exporter.nextSequence - exporter.firstSequence;
      return { bytes, sourcePort: 40_000 + (index % load.exporters.length), sequencePerPass };
    }),
    records: totals.records,
    octets: totals.octets,
  };
}

class DecoderBench {
  readonly #datagrams: readonly Prepared[];
  readonly #sequenceOffset: number;
  readonly #flows = new DiscardingSink(FLOWS);
  readonly #decoder: FlowDecoder;
  #troubles = 0;

  constructor(datagrams: readonly Prepared[], sequenceOffset: number) {
    this.#datagrams = datagrams;
    this.#sequenceOffset = sequenceOffset;
    const sinks: FlowSinks = {
      flows: this.#flows,
      counterSamples: new DiscardingSink(COUNTER_SAMPLES),
      interfaces: new DiscardingSink(INTERFACES),
      applications: new DiscardingSink(APPLICATIONS),
      exporters: new DiscardingSink(EXPORTERS),
      losses: new DiscardingSink(LOSSES),
    };
    this.#decoder = new FlowDecoder({}, sinks, () => (this.#troubles += 1));
  }

  /** Reads every datagram once and adds up the rows. @returns what is wrong, or nothing */
  check(records: number, octets: number): string {
    let sum = 0;
    this.#flows.onDiscard = (rows) => {
      for (const row of rows) sum += Number(row['bytes']);
    };
    this.#decodeAll(Date.now() * 1000);
    this.#flows.discard();
    this.#flows.onDiscard = undefined;
    const right = this.#flows.rows === records && sum === octets && this.#troubles === 0;
    return right ? '' : `${this.#flows.rows} rows of ${records}, ${sum} bytes of ${octets}, ${this.#troubles} troubles`;
  }

  /** @returns rows a second */
  round(seconds: number): number {
    const rowsBefore = this.#flows.rows;
    const startedAt = performance.now();
    while (performance.now() < startedAt + seconds * 1000) this.#decodeAll(Date.now() * 1000);
    return ((this.#flows.rows - rowsBefore) * 1000) / (performance.now() - startedAt);
  }

  #decodeAll(receivedAtMicros: number): void {
    for (const { bytes, sourcePort, sequencePerPass } of this.#datagrams) {
      this.#decoder.decode({ bytes, sourceAddress: '127.0.0.1', sourcePort, localPort: 2055, receivedAtMicros });
      // So that it is a stream that goes on, and no exporter that starts over.
      const sequence = bytes.readUInt32BE(this.#sequenceOffset) + sequencePerPass;
      bytes.writeUInt32BE(sequence >>> 0, this.#sequenceOffset);
    }
  }
}
