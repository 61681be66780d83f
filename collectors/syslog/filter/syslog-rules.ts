import type { Clock } from '../../../src/runtime/clock.ts';
import type { Component } from '../../../src/runtime/lifecycle.ts';
import type { Log } from '../../../src/runtime/log.ts';
import { parseAddress } from '../../ip-address.ts';
import { RecentMap } from '../../recent-map.ts';
import type { FilterSubject, MessageJudge, Verdict } from './filter-subject.ts';
import { FloodReport } from './flood-report.ts';
import { RateBucket } from './rate-bucket.ts';
import { RememberedSubject } from './remembered-subject.ts';
import type { RuleSettings } from './rule-settings.ts';
import { Rule } from './rule.ts';
import { SlowPatterns } from './slow-patterns.ts';

export interface SyslogRulesOptions {
  /** In the order in which they are asked. */
  readonly rules: readonly RuleSettings[];
  /** Devices whose rates are kept; the one not heard for longest goes first, and starts with a full rate when it returns. */
  readonly maxDevices: number;
}

/** What one rule did since start. */
export interface RuleCounts {
  readonly name: string;
  readonly action: string;
  readonly matched: number;
  readonly dropped: number;
  /** Messages whose text its pattern did not look at, since it had taken more than a tenth of the time. */
  readonly skipped: number;
}

/** The rules that can apply to one device, and its own rates. */
interface DeviceRules {
  readonly rules: readonly Rule[];
  /** By place in `rules`; made when first needed, so that spoofed senders cost little. */
  buckets: (RateBucket | undefined)[] | undefined;
}

const PASS: Verdict = { drop: false, tags: [] };
const DROP: Verdict = { drop: true, tags: [] };

/**
 * Asks the rules in order.
 *
 *   next rule ──no match──▶ next rule
 *       ├── drop ─────────▶ dropped
 *       ├── keep ─────────▶ kept, with its tags and those gathered
 *       ├── limit ── more than its rate ──▶ dropped
 *       │        └── within it ──▶ tags gathered, next rule
 *       └── tag ──▶ tags gathered, next rule
 *   no rule left ──▶ kept, with the tags gathered
 */
export class SyslogRules implements MessageJudge, Component {
  readonly name = 'syslog rules';
  readonly #rules: readonly Rule[];
  readonly #settings: ReadonlyMap<Rule, RuleSettings>;
  readonly #devices: RecentMap<string, DeviceRules>;
  /** Rates that all devices share. */
  readonly #shared = new Map<Rule, RateBucket>();
  /** Devices to which the same rules apply share one list. */
  readonly #lists = new Map<string, readonly Rule[]>();
  readonly #floods: FloodReport;
  readonly #slow: SlowPatterns;
  readonly #subject = new RememberedSubject();
  #lastDevice: string | undefined;
  #lastRules: DeviceRules | undefined;

  /** @throws DogwatchError `BAD_PATTERN`, `BAD_ADDRESS`; the configuration has checked both */
  constructor(options: SyslogRulesOptions, clock: Clock, log: Log) {
    const pairs = options.rules.map((settings) => [new Rule(settings, clock), settings] as const);
    this.#settings = new Map(pairs);
    this.#rules = pairs.map(([rule]) => rule);
    this.#devices = new RecentMap(options.maxDevices);
    for (const [rule, { rate, by }] of pairs) {
      if (rate !== undefined && by === 'rule') this.#shared.set(rule, new RateBucket(rate));
    }
    this.#floods = new FloodReport(clock, log);
    this.#slow = new SlowPatterns(this.#rules, clock, log);
  }

  /** From now on the log hears of floods. */
  async start(): Promise<void> {
    this.#floods.start();
    this.#slow.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#floods.stop();
    this.#slow.stop();
    return Promise.resolve();
  }

  counts(): RuleCounts[] {
    return this.#rules.map(({ name, action, matched, dropped, skipped }) => ({
      name,
      action,
      matched,
      dropped,
      skipped,
    }));
  }

  judge(message: FilterSubject): Verdict {
    const device = this.#rulesOf(message.device);
    if (device.rules.length === 0) return PASS;
    const subject = this.#subject.of(message);
    let verdict = PASS;
    for (let index = 0; index < device.rules.length; index++) {
      const rule = device.rules[index];
      if (rule === undefined || !rule.matches(subject)) continue;
      rule.matched += 1;
      if (rule.action === 'drop' || (rule.action === 'limit' && !this.#isWithinRate(rule, index, device, subject))) {
        rule.dropped += 1;
        return DROP;
      }
      if (rule.tags.length > 0) verdict = verdict === PASS ? rule.pass : withTags(verdict, rule.tags);
      if (rule.action === 'keep') return verdict;
    }
    return verdict;
  }

  #isWithinRate(rule: Rule, index: number, device: DeviceRules, subject: FilterSubject): boolean {
    const bucket = this.#shared.get(rule) ?? this.#bucketOf(rule, index, device);
    if (bucket === undefined || bucket.take(subject.receivedAtMicros)) return true;
    this.#floods.dropped(rule.name, subject.device);
    return false;
  }

  #bucketOf(rule: Rule, index: number, device: DeviceRules): RateBucket | undefined {
    const known = device.buckets?.[index];
    const rate = this.#settings.get(rule)?.rate;
    if (known !== undefined || rate === undefined) return known;
    const bucket = new RateBucket(rate);
    device.buckets ??= [];
    device.buckets[index] = bucket;
    return bucket;
  }

  /** Messages of one device tend to come together: the last one's rules are at hand. */
  #rulesOf(device: string): DeviceRules {
    if (device === this.#lastDevice && this.#lastRules !== undefined) return this.#lastRules;
    let found = this.#devices.get(device);
    if (found === undefined) {
      found = { rules: this.#applicable(device), buckets: undefined };
      this.#devices.set(device, found);
    }
    this.#lastDevice = device;
    this.#lastRules = found;
    return found;
  }

  /** Those whose `from` has the device, up to the first that decides whatever it sends. */
  #applicable(device: string): readonly Rule[] {
    const address = parseAddress(device);
    const places: number[] = [];
    for (const [place, rule] of this.#rules.entries()) {
      if (!rule.appliesTo(address)) continue;
      places.push(place);
      if (rule.isForAll && (rule.action === 'drop' || rule.action === 'keep')) break;
    }
    const key = places.join();
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = places.flatMap((place) => this.#rules[place] ?? []);
    if (this.#lists.size < MAX_LISTS) this.#lists.set(key, list);
    return list;
  }
}

/** Prefixes nest or exclude each other, so that few combinations exist; a bound all the same. */
const MAX_LISTS = 1000;

function withTags(verdict: Verdict, more: readonly string[]): Verdict {
  const fresh = more.filter((tag) => !verdict.tags.includes(tag));
  return fresh.length === 0 ? verdict : { drop: false, tags: [...verdict.tags, ...fresh] };
}
