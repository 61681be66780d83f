import { lastDeviceName, lastInterfaceName, type Stretch } from '../interface-names.ts';
import { PROTOCOLS_WITH_PORTS } from '../protocols.ts';

export type TopSubject = 'talkers' | 'conversations' | 'applications' | 'interfaces' | 'exporters';

/** How a subject is made of flows. All of it is SQL of ours. */
export interface TopShape {
  /** Expressions over the columns of `flows`, by the name that `groups` and `keys` call them. */
  readonly terms: Readonly<Record<string, string>>;
  /** Grouping sets; each flow counts once in each. */
  readonly groups: readonly string[];
  /** Of which side a sum is, for subjects with two: true of the first. Over the terms and `grouping(…)`. */
  readonly first?: string;
  /** What else is joined to the sums. */
  readonly join?: string;
  /** What the answer shows, by name, over the sums (`s`) and what is joined; the answer is grouped by them. In JSON an address is its text. */
  readonly keys: Readonly<Record<string, string>>;
  /** What is told of each answer (`r`): looked up for what is shown, after all flows are summed. */
  readonly details?: TopDetails;
}

/** What is joined to answers, and the columns of it by name. */
interface TopDetails {
  readonly join: (stretch: Stretch) => string;
  readonly columns: Readonly<Record<string, string>>;
}

const WITH_PORTS = `protocol IN (${PROTOCOLS_WITH_PORTS.join(', ')})`;

/** Each is one pass over the flows. */
export const TOP_SHAPES: Readonly<Record<TopSubject, TopShape>> = {
  /** A host sends where it is the source, and receives where it is the destination. */
  talkers: {
    terms: { src: 'src_addr', dst: 'dst_addr' },
    groups: ['src', 'dst'],
    first: 'grouping(src) = 0',
    keys: { host: 'coalesce(s.src, s.dst)' },
  },
  /** Both directions together; `a` is the lower address. */
  conversations: {
    terms: {
      a: 'CASE WHEN src_addr <= dst_addr THEN src_addr ELSE dst_addr END',
      b: 'CASE WHEN src_addr <= dst_addr THEN dst_addr ELSE src_addr END',
      forward: '(src_addr <= dst_addr) IS TRUE',
    },
    groups: ['a, b, forward'],
    first: 'forward',
    keys: { a: 's.a', b: 's.b' },
  },
  /** What the exporter classified, else protocol and the lower of both ports: servers listen on low ports. */
  applications: {
    terms: {
      teller: 'CASE WHEN application_id IS NOT NULL THEN exporter END',
      id: 'application_id',
      proto: 'CASE WHEN application_id IS NULL THEN protocol END',
      port: `CASE WHEN application_id IS NULL AND ${WITH_PORTS} THEN least(src_port, dst_port) END`,
    },
    groups: ['teller, id, proto, port'],
    join: 'LEFT JOIN applications t ON t.exporter = s.teller AND t.application_id = s.id',
    keys: { application: 'coalesce(t.name, s.id)', protocol: 's.proto', port: 's.port' },
  },
  /** A flow counts at the interface that it came in by, and at the one that it left by. */
  interfaces: {
    terms: { exporter: 'exporter', in_if: 'in_if', out_if: 'out_if' },
    groups: ['exporter, in_if', 'exporter, out_if'],
    first: 'grouping(in_if) = 0',
    keys: { exporter: 's.exporter', interface: 'coalesce(s.in_if, s.out_if)' },
    details: {
      join: (stretch) => `LEFT JOIN LATERAL (${lastInterfaceName('r.exporter', 'r.interface', stretch)}) p ON true
        LEFT JOIN interfaces t ON t.exporter = r.exporter AND t.if_index = r.interface`,
      columns: {
        name: 'coalesce(p.name, p.description, t.name, t.description)',
        alias: 'p.alias',
        speed: 'p.speed',
      },
    },
  },
  exporters: {
    terms: { exporter: 'exporter' },
    groups: ['exporter'],
    join: `LEFT JOIN (SELECT exporter, string_agg(DISTINCT protocol, ', ' ORDER BY protocol) AS protocols
      FROM exporters GROUP BY exporter) t ON t.exporter = s.exporter`,
    keys: { exporter: 's.exporter', protocols: 't.protocols' },
    details: {
      join: (stretch) => `LEFT JOIN LATERAL (${lastDeviceName('r.exporter', stretch)}) p ON true`,
      columns: { name: 'p.sys_name' },
    },
  },
};

/** What flows are summed by. */
export const TOP_METRICS = ['bytes', 'packets', 'flows'] as const;
export type TopMetric = (typeof TOP_METRICS)[number];

/** What answers are sorted by; `utilisation`, of interfaces alone, is the busier direction as part of the speed. */
export type TopOrder = TopMetric | 'utilisation';

/** What the two sides are measured in. */
export function metricOf(by: TopOrder): TopMetric {
  return by === 'utilisation' ? 'bytes' : by;
}

/** The names under which a subject is told: its keys, then its details. */
export function answerNames({ keys, details }: TopShape): string[] {
  return [...Object.keys(keys), ...Object.keys(details?.columns ?? {})];
}
