import type { PairNodeStatus, Readiness, ReadinessFinding } from '../pair-status.ts';

/** What a node finds of itself; plain data. */
export interface ReadinessFacts {
  readonly version: string;
  readonly settingsDigest: string;
  /** Paths of shared settings that are others on the peer; undefined: none, or not known yet. */
  readonly differingSettings: readonly string[] | undefined;
  /** Whether the schema of the database is that of this program. */
  readonly isMigrated: boolean;
  /** Why the database gives no heartbeat; undefined: it does. */
  readonly databaseTrouble: string | undefined;
  /** Why Redis takes no batches, where it is the queue; undefined: it does, or is not. */
  readonly queueTrouble: string | undefined;
  /** Processes that should run and do not, each with why. */
  readonly processTroubles: readonly string[];
  /** What the driver of the virtual IP lacks, each with what to do. */
  readonly addressTroubles: readonly { readonly found: string; readonly remedy: string }[];
  /** Whether the interface of the virtual IP has a carrier; undefined: not known, or there is no such interface. */
  readonly hasLink: boolean | undefined;
  /** Ports of listeners that somebody else has. */
  readonly takenPorts: readonly string[];
  /** Files that cannot be read. */
  readonly unreadableFiles: readonly string[];
  /** Why this process cannot write into the journal's folder; undefined: it can. */
  readonly folderTrouble: string | undefined;
  readonly journalDirectory: string;
  /** Of the IANA database. */
  readonly timeZone: string;
  /** Batches that wait in this node's own journal. */
  readonly journalBatches: number;
  readonly journalOldestMs: number;
  /** Kinds of warm state that differ from the peer's; undefined: not compared. */
  readonly differingWarmKinds: readonly string[] | undefined;
  /** The peer's wall clock before ours. */
  readonly clockOffsetMs: number | undefined;
}

const ZONE = 'time zone';
const MAX_CLOCK_OFFSET_MS = 1000;
/** A batch that waits longer than this waits for a reason. */
const BACKLOG_MS = 10_000;
const SHOWN_SETTINGS = 6;

/**
 * Whether this node could be the active one, finding by finding; shown on both.
 * @param peer what it said last; undefined: nothing, and nothing is compared with it
 */
export function readinessOf(facts: ReadinessFacts, peer: PairNodeStatus | undefined): Readiness {
  const findings = [
    ...processFindings(facts),
    versionFinding(facts, peer),
    settingsFinding(facts, peer),
    ...databaseFindings(facts),
    ...queueFindings(facts),
    ...addressFindings(facts),
    ...linkFindings(facts),
    portFinding(facts),
    filesFinding(facts),
    folderFinding(facts),
    warmFinding(facts, peer),
    clockFinding(facts),
    zoneFinding(facts, peer),
  ];
  return { isReady: findings.every(({ state }) => state !== 'fail'), findings };
}

function ok(name: string, found: string): ReadinessFinding {
  return { name, state: 'ok', found };
}

function fail(name: string, found: string, remedy: string): ReadinessFinding {
  return { name, state: 'fail', found, remedy };
}

function processFindings({ processTroubles }: ReadinessFacts): ReadinessFinding[] {
  if (processTroubles.length === 0) return [ok('processes', 'running')];
  return processTroubles.map((found) => fail('processes', found, 'its log says why'));
}

function versionFinding({ version }: ReadinessFacts, peer: PairNodeStatus | undefined): ReadinessFinding {
  if (peer === undefined) return { name: 'version', state: 'warn', found: `${version}; the peer has not told its own` };
  if (peer.version === version) return ok('version', version);
  return fail('version', `${version}, and ${peer.version} on ${peer.node}`, 'install the same version on both nodes');
}

function settingsFinding(
  { settingsDigest, differingSettings = [] }: ReadinessFacts,
  peer: PairNodeStatus | undefined,
): ReadinessFinding {
  const name = 'shared settings';
  if (peer === undefined) return { name, state: 'warn', found: 'not compared: the peer has told nothing yet' };
  if (peer.settingsDigest === settingsDigest) return ok(name, `equal (${settingsDigest.slice(0, 12)})`);
  const which =
    differingSettings.length > 0
      ? `: ${firstFew(differingSettings)}`
      : ` (digests ${settingsDigest.slice(0, 12)} and ${peer.settingsDigest.slice(0, 12)})`;
  const found = `differ from those of ${peer.node}${which}`;
  return fail(name, found, 'run dogwatch reload on the active node: it gives its own to the other one');
}

function firstFew(names: readonly string[]): string {
  const more = names.length - SHOWN_SETTINGS;
  return more <= 0 ? names.join(', ') : `${names.slice(0, SHOWN_SETTINGS).join(', ')} and ${more} more`;
}

function databaseFindings({ databaseTrouble, isMigrated }: ReadinessFacts): ReadinessFinding[] {
  const database =
    databaseTrouble === undefined
      ? ok('database', 'reachable from here')
      : fail('database', `not reachable from here: ${databaseTrouble}`, 'see database.url, and the network between');
  const schema = isMigrated
    ? ok('schema', 'up to date')
    : fail('schema', 'not known to be up to date', 'dogwatch migrate says what is missing');
  return [database, schema];
}

function queueFindings({ queueTrouble, journalBatches, journalOldestMs }: ReadinessFacts): ReadinessFinding[] {
  const journal =
    journalOldestMs <= BACKLOG_MS
      ? ok('journal', journalBatches === 0 ? 'empty' : `${journalBatches} batches, just come`)
      : {
          name: 'journal',
          state: 'warn' as const,
          found: `${journalBatches} batches wait, the oldest for ${Math.round(journalOldestMs / 1000)} s`,
          remedy: 'they are written as soon as the database takes them',
        };
  if (queueTrouble === undefined) return [journal];
  return [journal, fail('queue', queueTrouble, 'see redis.url; batches go to the journal of the node meanwhile')];
}

function addressFindings({ addressTroubles }: ReadinessFacts): ReadinessFinding[] {
  if (addressTroubles.length === 0) return [ok('virtual IP', 'can be held here')];
  return addressTroubles.map(({ found, remedy }) => fail('virtual IP', found, remedy));
}

function linkFindings({ hasLink }: ReadinessFacts): ReadinessFinding[] {
  if (hasLink === undefined) return [];
  if (hasLink) return [ok('link', 'up')];
  return [fail('link', 'the interface of the virtual IP has no carrier', 'look at its cable and at the switch')];
}

function portFinding({ takenPorts }: ReadinessFacts): ReadinessFinding {
  if (takenPorts.length === 0) return ok('ports', 'free');
  return fail('ports', `taken by another program: ${takenPorts.join(', ')}`, 'find it with: ss -lunpt');
}

function filesFinding({ unreadableFiles }: ReadinessFacts): ReadinessFinding {
  if (unreadableFiles.length === 0) return ok('secrets', 'readable');
  return fail('secrets', `cannot be read: ${unreadableFiles.join(', ')}`, 'copy them from the other node');
}

/** A warning: on a shared folder root may be refused what the account that writes is not. */
function folderFinding({ folderTrouble, journalDirectory }: ReadinessFacts): ReadinessFinding {
  const name = 'journal folder';
  if (folderTrouble === undefined) return ok(name, `${journalDirectory} can be written`);
  const remedy = 'see journal.directory: is it mounted, and does it belong to the account that collects';
  return { name, state: 'warn', found: `${journalDirectory} cannot be written: ${folderTrouble}`, remedy };
}

/** `found` is the zone and nothing else: the other node compares it. */
function zoneFinding({ timeZone }: ReadinessFacts, peer: PairNodeStatus | undefined): ReadinessFinding {
  const name = ZONE;
  const theirs = peer?.readiness.findings.find((finding) => finding.name === ZONE)?.found;
  if (theirs === undefined || theirs === timeZone) return ok(name, timeZone);
  const remedy = `${peer?.node} has ${theirs}: times without a zone are read by it (timedatectl set-timezone, or syslog.timeZone)`;
  return { name, state: 'warn', found: timeZone, remedy };
}

function warmFinding({ differingWarmKinds }: ReadinessFacts, peer: PairNodeStatus | undefined): ReadinessFinding {
  const name = 'warm state';
  if (differingWarmKinds === undefined)
    return { name, state: 'warn', found: peer === undefined ? 'not compared: no peer' : 'not compared yet' };
  if (differingWarmKinds.length === 0) return ok(name, 'equal');
  return { name, state: 'warn', found: `differs at the moment: ${differingWarmKinds.join(', ')}` };
}

function clockFinding({ clockOffsetMs }: ReadinessFacts): ReadinessFinding {
  const name = 'clock';
  if (clockOffsetMs === undefined) return { name, state: 'warn', found: 'not compared: the peer is not heard' };
  const found = `${Math.abs(Math.round(clockOffsetMs))} ms ${clockOffsetMs < 0 ? 'behind' : 'before'} ours on the peer`;
  if (Math.abs(clockOffsetMs) <= MAX_CLOCK_OFFSET_MS) return ok(name, found);
  const remedy = 'let both nodes keep time with NTP; roles do not depend on it, times of arrival do';
  return { name, state: 'warn', found, remedy };
}

/** @param namesake where another node with our name runs; undefined: nowhere that is known */
export function withNamesake(readiness: Readiness, namesake: string | undefined): Readiness {
  if (namesake === undefined) return readiness;
  const found = `another node of this pair has the same node.name, at ${namesake}`;
  const remedy = 'give each node of the pair a node.name of its own';
  return { isReady: false, findings: [{ name: 'node name', state: 'fail', found, remedy }, ...readiness.findings] };
}

/** @param refusal why the database lets nobody write the heartbeat; undefined: it does */
export function withRefusal(readiness: Readiness, refusal: string | undefined): Readiness {
  if (refusal === undefined) return readiness;
  const remedy =
    'GRANT SELECT, INSERT, UPDATE ON ha_heartbeat TO that role, or set database.url to the owner of the tables';
  return {
    isReady: false,
    findings: [{ name: 'heartbeat', state: 'fail', found: refusal, remedy }, ...readiness.findings],
  };
}
