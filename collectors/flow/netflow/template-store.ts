import type { RecordProgram } from '../record/record-program.ts';
import type { FieldSpecifier } from '../record/record.ts';
import { type SequenceCounts, SequenceTracker } from '../exporter/sequence.ts';

/** A template that is in force. */
export interface Template {
  readonly id: number;
  /** Scopes first. */
  readonly fields: readonly FieldSpecifier[];
  readonly options: boolean;
  readonly scopeCount: number;
  /** The wire's own bytes, one character each (latin1), by which a repetition is recognised. */
  readonly definition: string;
  /** Compiled when data first needs it; option data is interpreted. */
  program: RecordProgram | undefined;
  /** How many elements exporters had named when it was compiled. */
  names: number;
  /** A number that grows with each use. */
  usedAt: number;
  /** When others were told of it, microseconds since the Unix epoch; 0: not by us, they told it. */
  toldAtMicros: number;
}

/** Is told what becomes of templates that nobody replaced. `withdrawn`: by the exporter, not for want of room. */
export interface TemplateNews {
  templateForgotten(session: Session, template: Template, withdrawn: boolean): void;
}

/** A transport session (RFC 7011 section 2): for UDP the pair of ports, within one exporter. */
export interface Session {
  readonly key: number;
  readonly templates: Map<number, Template>;
  /** Shared with the session before, when an exporter only changed its port. */
  sequence: SequenceTracker;
  usedAt: number;
}

/** Sessions of one exporter that are told apart; a flood of source ports displaces the least recently used. */
export const MAX_SESSIONS = 256;

export interface TemplateLimits {
  /** Of one exporter and domain, over all of its sessions. */
  readonly maxTemplates: number;
  /** Fields in all of these together. */
  readonly maxFields: number;
}

/** Fields held by all exporters together, so that a flood over many of them is bounded too. */
export interface TemplateLoad {
  fields: number;
}

/**
 * The templates of one exporter and observation domain, by transport session and id (RFC 7011 section 8).
 *
 * The fall-back for exporters that change their source port, or send templates from another one than data: an id that
 * the session does not know means the newest template of that id in any other session, also one that is gone.
 */
export class TemplateStore {
  evictions = 0;
  news: TemplateNews | undefined;
  readonly #limits: TemplateLimits;
  readonly #load: TemplateLoad;
  readonly #counts: SequenceCounts;
  readonly #sessions = new Map<number, Session>();
  readonly #newest = new Map<number, Template>();
  /** Every template in force, with the session that it came in. */
  readonly #owners = new Map<Template, Session>();
  #fields = 0;
  #uses = 0;
  #lastSession: Session | undefined;

  constructor(limits: TemplateLimits, load: TemplateLoad, counts: SequenceCounts) {
    this.#limits = limits;
    this.#load = load;
    this.#counts = counts;
  }

  get size(): number {
    return this.#owners.size;
  }

  /** The session of these ports. `sequence`: of the datagram at hand, by which a change of port is recognised. */
  session(exporterPort: number, localPort: number, sequence: number): Session {
    const key = exporterPort * 65_536 + localPort;
    let session = this.#lastSession;
    if (session?.key !== key) {
      session = this.#sessions.get(key) ?? this.#openSession(key, sequence);
      this.#lastSession = session;
    }
    session.usedAt = ++this.#uses;
    return session;
  }

  /** The session of these ports, for what another process learnt in it: no datagram is at hand. */
  restoredSession(exporterPort: number, localPort: number): Session {
    const key = exporterPort * 65_536 + localPort;
    const session = this.#sessions.get(key) ?? this.#addSession(key, new SequenceTracker(this.#counts));
    session.usedAt = ++this.#uses;
    // By its numbers an exporter is known again that has another port.
    this.#lastSession ??= session;
    return session;
  }

  sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  /** All in force, with the sessions that they came in. */
  all(): Iterable<[Template, Session]> {
    return this.#owners;
  }

  /** The session's own template, else the newest of the same id. */
  find(session: Session, id: number): Template | undefined {
    const template = session.templates.get(id) ?? this.#newest.get(id);
    if (template !== undefined) template.usedAt = ++this.#uses;
    return template;
  }

  /** Whether `template` came in this very session. */
  isOwn(session: Session, template: Template): boolean {
    return session.templates.get(template.id) === template;
  }

  define(session: Session, template: Template): void {
    this.#remove(session.templates.get(template.id));
    this.#owners.set(template, session);
    this.#count(template.fields.length);
    template.usedAt = ++this.#uses;
    session.templates.set(template.id, template);
    const displaced = this.#newest.get(template.id);
    this.#newest.set(template.id, template);
    // One whose session is gone was only kept as the newest.
    if (displaced !== undefined && this.#isOrphan(displaced)) this.#forget(displaced);
    this.#evict();
  }

  /** The same definition again: it is the newest now. */
  confirm(template: Template): void {
    template.usedAt = ++this.#uses;
    this.#newest.set(template.id, template);
  }

  /** Withdrawn, or displaced by an invalid definition. */
  withdraw(session: Session, id: number): void {
    this.#forget(session.templates.get(id), true);
  }

  /** As `withdraw`, on the word of another process. */
  discard(exporterPort: number, localPort: number, id: number): void {
    this.#remove(this.#sessions.get(exporterPort * 65_536 + localPort)?.templates.get(id));
  }

  withdrawAll(session: Session, options: boolean): void {
    for (const template of session.templates.values()) if (template.options === options) this.#forget(template, true);
  }

  /** Gives back this exporter's share of the common load, at its end. */
  clear(): void {
    for (const template of this.#owners.keys()) this.#forget(template);
  }

  #openSession(key: number, sequence: number): Session {
    const previous = this.#lastSession?.sequence;
    const tracker = previous?.continues(sequence) === true ? previous : new SequenceTracker(this.#counts);
    return this.#addSession(key, tracker);
  }

  #addSession(key: number, sequence: SequenceTracker): Session {
    if (this.#sessions.size >= MAX_SESSIONS) this.#dropOldSessions();
    const session: Session = { key, templates: new Map(), sequence, usedAt: 0 };
    this.#sessions.set(key, session);
    return session;
  }

  /** A tenth at a time, so that a flood does not pay for the search at every datagram. */
  #dropOldSessions(): void {
    const oldest = leastUsed([...this.#sessions.values()], Math.ceil(MAX_SESSIONS / 10));
    for (const session of oldest) {
      this.#sessions.delete(session.key);
      for (const template of session.templates.values()) {
        if (this.#newest.get(template.id) !== template) this.#forget(template);
      }
    }
  }

  #evict(): void {
    const { maxTemplates, maxFields } = this.#limits;
    while (this.#owners.size > maxTemplates || this.#fields > maxFields) {
      const oldest = leastUsed([...this.#owners.keys()], Math.ceil(this.#owners.size / 10));
      for (const template of oldest) this.#forget(template);
      this.evictions += oldest.length;
    }
  }

  #isOrphan(template: Template): boolean {
    const owner = this.#owners.get(template);
    return owner !== undefined && this.#sessions.get(owner.key) !== owner;
  }

  #forget(template: Template | undefined, withdrawn = false): void {
    const owner = this.#remove(template);
    if (template !== undefined && owner !== undefined) this.news?.templateForgotten(owner, template, withdrawn);
  }

  /** The session that it came in, if it was in force. */
  #remove(template: Template | undefined): Session | undefined {
    const owner = template && this.#owners.get(template);
    if (template === undefined || owner === undefined) return undefined;
    this.#owners.delete(template);
    this.#count(-template.fields.length);
    if (owner.templates.get(template.id) === template) owner.templates.delete(template.id);
    if (this.#newest.get(template.id) === template) this.#newest.delete(template.id);
    return owner;
  }

  #count(fields: number): void {
    this.#fields += fields;
    this.#load.fields += fields;
  }
}

function leastUsed<T extends { readonly usedAt: number }>(all: T[], count: number): T[] {
  return all.sort((a, b) => a.usedAt - b.usedAt).slice(0, count);
}
