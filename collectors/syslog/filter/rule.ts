import type { Clock } from '../../../src/runtime/clock.ts';
import { parsePrefix, type Prefix } from '../../ip-address.ts';
import type { FilterSubject, Verdict } from './filter-subject.ts';
import { compileGlobs } from './text/glob.ts';
import type { RuleAction, RuleSettings } from './rule-settings.ts';
import { TextPattern } from './text/text-pattern.ts';

type Condition = (subject: FilterSubject) => boolean;

/** One rule, compiled: its cheap conditions first. Counts what it does. */
export class Rule {
  readonly name: string;
  readonly action: RuleAction;
  readonly tags: readonly string[];
  /** What it says of a message for which no earlier rule had a tag. */
  readonly pass: Verdict;
  /** Whether nothing but the sender counts: then it decides for a device, whatever it sends. */
  readonly isForAll: boolean;
  matched = 0;
  dropped = 0;
  readonly #prefixes: readonly Prefix[] | undefined;
  /** Bit n + 1 stands for the code n, so that bit 0 is "none". */
  readonly #severities: number;
  readonly #facilities: number;
  readonly #pattern: TextPattern | undefined;
  readonly #conditions: readonly Condition[];

  /** @throws DogwatchError `BAD_PATTERN`, `BAD_ADDRESS` */
  constructor(settings: RuleSettings, clock: Clock) {
    this.name = settings.name;
    this.action = settings.action;
    this.tags = settings.tags ?? [];
    this.pass = { drop: false, tags: this.tags };
    this.#prefixes = settings.from?.map(parsePrefix);
    this.#severities = codesMask(settings.severity);
    this.#facilities = codesMask(settings.facility);
    this.#pattern = settings.pattern === undefined ? undefined : new TextPattern(settings.pattern, clock);
    this.#conditions = conditionsOf(settings, this.#pattern);
    this.isForAll = this.#conditions.length === 0 && this.#severities === -1 && this.#facilities === -1;
  }

  /** Texts that its pattern did not look at, for want of time. */
  get skipped(): number {
    return this.#pattern?.skipped ?? 0;
  }

  /** `device`: 4 or 16 bytes; undefined for a sender without an address, which only rules for everyone apply to. */
  appliesTo(device: Buffer | undefined): boolean {
    if (this.#prefixes === undefined) return true;
    return device !== undefined && this.#prefixes.some((prefix) => prefix.matches(device));
  }

  /** Of a message of a device that it applies to. */
  matches(subject: FilterSubject): boolean {
    if (((this.#severities >> (subject.severity + 1)) & 1) === 0) return false;
    if (((this.#facilities >> (subject.facility + 1)) & 1) === 0) return false;
    for (const isMet of this.#conditions) if (!isMet(subject)) return false;
    return true;
  }
}

function codesMask(codes: readonly number[] | undefined): number {
  return codes === undefined ? -1 : codes.reduce((mask, code) => mask | (1 << (code + 1)), 0);
}

function conditionsOf(settings: RuleSettings, pattern: TextPattern | undefined): Condition[] {
  const { transport, app, host, vendor, mnemonic, contains } = settings;
  const conditions: Condition[] = [];
  if (transport !== undefined) conditions.push((subject) => transport.includes(subject.transport));
  if (mnemonic !== undefined) conditions.push(nameCondition(mnemonic, (subject) => subject.mnemonic()));
  if (vendor !== undefined) conditions.push(nameCondition(vendor, (subject) => subject.vendor()));
  if (app !== undefined) conditions.push(nameCondition(app, (subject) => subject.appName()));
  if (host !== undefined) conditions.push(nameCondition(host, (subject) => subject.hostname()));
  // A search for a plain part is far cheaper than a pattern, and often tells already that there is nothing to find.
  if (contains !== undefined) conditions.push((subject) => containsAny(subject.text() ?? '', contains));
  if (pattern !== undefined) conditions.push((subject) => pattern.test(subject.text() ?? ''));
  return conditions;
}

function nameCondition(globs: readonly string[], nameOf: (subject: FilterSubject) => string | undefined): Condition {
  const isMatch = compileGlobs(globs);
  return (subject) => {
    const name = nameOf(subject);
    return name !== undefined && isMatch(name);
  };
}

function containsAny(text: string, parts: readonly string[]): boolean {
  for (const part of parts) if (text.includes(part)) return true;
  return false;
}
