import type { LoadedConfig } from '../config/load.ts';
import { ConfigError, describeFinding } from '../config/findings.ts';
import type { Config } from '../config/schema.ts';
import { sharedText, withoutSecrets, withSecretsOf, withSharedText } from '../config/shared-text.ts';
import { settingsDigest } from '../pair/settings-digest.ts';
import { DogwatchError, messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { ReloadOutcome, Reloader } from './reloader.ts';
import type { RevisionStore } from './revision-store.ts';
import { changesBetween, changeText } from './setting-changes.ts';
import type { SettingsFile } from './settings-file.ts';
import type { SettingsNews, SettingsPeer, SettingsVerdict } from './settings-peer.ts';

/** What a shared reload works on. */
export interface SharedReloadParts {
  readonly node: string;
  readonly reloader: Reloader;
  /** Undefined: there is no file, all comes from the environment. */
  readonly file: SettingsFile | undefined;
  /** The settings as they would be. @param text in place of what the file holds @throws ConfigError */
  load(text?: string): LoadedConfig;
  /** Undefined: this node is alone. */
  peer(): SettingsPeer | undefined;
  readonly revisions: Pick<RevisionStore, 'add' | 'find'>;
  /** An event for the operators. */
  tell(summary: string, details: Readonly<Record<string, unknown>>): void;
}

export interface SharedOutcome extends ReloadOutcome {
  /** Where shared settings went besides: `in effect`, or `away`, which has them when it is back; undefined: nowhere. */
  readonly peer: { readonly node: string; readonly state: 'in effect' | 'away' } | undefined;
}

const MAX_NOTE = 2000;

/**
 * Reloads in a pair: what both nodes have alike is checked on both before it is applied on either.
 *
 *   checked here ─▶ tried there ──no──▶ refused, nothing has changed
 *                       └──▶ applied there ─▶ applied here ─▶ a revision
 *                                                └── fails: the other node goes back as well
 *
 * Without a connection it is applied here, and given to the other node when it is back.
 */
export class SharedReload {
  readonly #parts: SharedReloadParts;
  readonly #log: Log;
  /** The shared text that is in effect here; undefined: the file cannot be taken apart. */
  #text: string | undefined;
  /** Digest of settings that the peer has not been given yet. */
  #owed: string | undefined;
  #isBusy = false;

  constructor(parts: SharedReloadParts, log: Log) {
    this.#parts = parts;
    this.#log = log;
    this.#text = this.#textIfPossible();
  }

  /** The settings that were found at the start, or when the role came: a revision, if they are not the latest. */
  note(): void {
    this.#record('found at the start', `${this.#parts.node} itself`);
  }

  /**
   * @param account who wants it
   * @throws DogwatchError `SETTINGS_REFUSED`, `SETTINGS_ELSEWHERE`, what `Reloader.reload` throws; the former settings are in effect then
   */
  async reload(account: string, why = ''): Promise<SharedOutcome> {
    return this.#alone(() => this.#reload(account, why));
  }

  /**
   * Goes back to an earlier revision, on the same way as a reload.
   * @param revision undefined: the one before the latest
   * @throws DogwatchError `REVISION_UNKNOWN`, `SECRET_UNKNOWN`, `FILE_NOT_WRITTEN`, and what `reload` throws
   */
  async rollBack(
    revision: number | undefined,
    account: string,
  ): Promise<SharedOutcome & { readonly revision: number }> {
    return this.#alone(async () => {
      const { file, revisions } = this.#parts;
      const peer = this.#parts.peer();
      if (peer !== undefined && !peer.isLed) throw elsewhere(peer.name);
      const found = await revisions.find(revision);
      if (found === undefined)
        throw new DogwatchError(
          'REVISION_UNKNOWN',
          `there is no ${revision === undefined ? 'earlier revision' : `revision ${revision}`}`,
          {
            remedy: 'dogwatch config history lists them',
          },
        );
      if (file === undefined) throw new DogwatchError('FILE_NOT_WRITTEN', 'this collector has no configuration file');
      const text = withSharedText(file.read(), withKnownSecrets(found.settings, file.read()));
      this.#parts.load(text);
      requireWritable(file);
      file.replace(text);
      try {
        return { ...(await this.#reload(account, `back to revision ${found.revision}`)), revision: found.revision };
      } catch (error) {
        file.restore();
        throw error;
      }
    });
  }

  /** The other node's settings become this one's, or are looked at. It never throws. */
  async take(news: SettingsNews): Promise<SettingsVerdict> {
    try {
      return await this.#alone(() => this.#take(news));
    } catch (error) {
      const findings = error instanceof ConfigError ? error.findings.map(describeFinding) : [messageOf(error)];
      return { findings };
    }
  }

  /** The other node is heard: what it missed is given to it, once. */
  async catchUp(): Promise<void> {
    const peer = this.#parts.peer();
    const owed = this.#owed;
    if (owed === undefined || peer?.digest === undefined || !peer.isLed || this.#isBusy) return;
    this.#owed = undefined;
    if (peer.digest === owed || owed !== this.#digest) return;
    const { node } = this.#parts;
    try {
      await this.#alone(() => this.#give(peer, this.#parts.load(), `${node} itself`));
      this.#parts.tell(`${peer.name} has the settings that were changed while it was away`, {});
    } catch (error) {
      if (error instanceof DogwatchError && error.code === 'SETTINGS_REFUSED')
        this.#parts.tell(`${peer.name} does not take what was changed while it was away: ${messageOf(error)}`, {});
      // It went away again.
      else this.#owed = owed;
    }
  }

  async #reload(account: string, why: string): Promise<SharedOutcome> {
    const { reloader } = this.#parts;
    const before = reloader.accepted;
    const loaded = this.#parts.load();
    reloader.check(loaded.config);
    const peer = this.#parts.peer();
    const digest = settingsDigest(loaded.config);
    const isChanged = digest !== this.#digest;
    if (peer !== undefined && !peer.isLed && isChanged && digest !== peer.digest) throw elsewhere(peer.name);
    // Secrets and comments are in the text alone.
    const isOther = isChanged || this.#textIfPossible() !== this.#text;
    const isWanted = peer?.isLed === true && (isOther || (peer.digest !== undefined && peer.digest !== digest));
    const state = isWanted ? await this.#giveOrOwe(peer, loaded, account) : undefined;
    let outcome: ReloadOutcome;
    try {
      outcome = await reloader.reload();
    } catch (error) {
      if (state === 'in effect') await this.#takeBack(peer, before, account);
      this.#owed = undefined;
      throw error;
    }
    this.#text = this.#textIfPossible();
    if (isChanged) this.#tellChange(before, loaded.config, account, why);
    return { ...outcome, peer: peer === undefined || state === undefined ? undefined : { node: peer.name, state } };
  }

  async #giveOrOwe(peer: SettingsPeer, loaded: LoadedConfig, account: string): Promise<'in effect' | 'away'> {
    this.#owed = undefined;
    if (!peer.isThere) {
      this.#owed = settingsDigest(loaded.config);
      return 'away';
    }
    await this.#give(peer, loaded, account);
    return 'in effect';
  }

  /** @throws DogwatchError `SETTINGS_REFUSED`, `PEER_UNREACHABLE` */
  async #give(peer: SettingsPeer, { config }: LoadedConfig, account: string): Promise<void> {
    const news = { text: this.#textOfFile(), digest: settingsDigest(config), account };
    for (const isTrial of [true, false]) {
      const { findings } = await peer.give({ ...news, isTrial });
      if (findings.length > 0)
        throw new DogwatchError(
          'SETTINGS_REFUSED',
          [
            `${peer.name} does not take these settings, so nothing was changed:`,
            ...findings.map((each) => `  ${each}`),
          ].join('\n'),
          { remedy: `mend them here, or what is ${peer.name}'s own there, and reload again` },
        );
    }
  }

  async #takeBack(peer: SettingsPeer | undefined, before: Config, account: string): Promise<void> {
    try {
      const verdict = await peer?.give({
        text: this.#text ?? '',
        digest: settingsDigest(before),
        account,
        isTrial: false,
      });
      if (verdict?.findings.length === 0) return;
      this.#log.error(
        { findings: verdict?.findings },
        'the other node stays with settings that are not in effect here',
      );
    } catch (error) {
      this.#log.error({ error: messageOf(error) }, 'the other node stays with settings that are not in effect here');
    }
  }

  async #take({ text, digest, isTrial, account }: SettingsNews): Promise<SettingsVerdict> {
    const { file, node, reloader } = this.#parts;
    const peer = this.#parts.peer();
    if (peer?.isLed === true) return { findings: [`${node} is active itself`] };
    if (file === undefined) return { findings: [`${node} has no configuration file`] };
    const merged = withSharedText(file.read(), text);
    const loaded = this.#parts.load(merged);
    if (settingsDigest(loaded.config) !== digest)
      return {
        findings: [`on ${node} its environment says otherwise: dogwatch config there shows where each setting is from`],
      };
    reloader.check(loaded.config);
    requireWritable(file);
    if (isTrial) return { findings: [] };
    file.replace(merged);
    try {
      await reloader.reload();
    } catch (error) {
      file.restore();
      throw error;
    }
    this.#text = this.#textIfPossible();
    this.#log.info({ account, from: peer?.name }, 'shared settings were taken from the other node');
    return { findings: [] };
  }

  #tellChange(before: Config, after: Config, account: string, why: string): void {
    const changes = changesBetween(before, after).map(changeText);
    const note = [...(why === '' ? [] : [why]), ...changes].join('; ').slice(0, MAX_NOTE);
    this.#record(note, account);
    this.#parts.tell(`${account} changed settings on ${this.#parts.node}: ${note}`, { account, changes });
  }

  #record(note: string, account: string): void {
    const { node, revisions } = this.#parts;
    if (this.#text === undefined) return;
    revisions.add({ node, account, digest: this.#digest, note, settings: withoutSecrets(this.#text) });
  }

  get #digest(): string {
    return settingsDigest(this.#parts.reloader.accepted);
  }

  #textIfPossible(): string | undefined {
    try {
      return this.#textOfFile();
    } catch (error) {
      this.#log.warn({ error: messageOf(error) }, 'no revisions are kept of this file');
      return undefined;
    }
  }

  #textOfFile(): string {
    const { file } = this.#parts;
    return file === undefined ? '' : sharedText(file.read());
  }

  /** @throws DogwatchError `RELOAD_BUSY` */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isBusy) throw new DogwatchError('RELOAD_BUSY', `another reload is under way on ${this.#parts.node}`);
    this.#isBusy = true;
    try {
      return await work();
    } finally {
      this.#isBusy = false;
    }
  }
}

function elsewhere(peer: string): DogwatchError {
  return new DogwatchError('SETTINGS_ELSEWHERE', 'settings that both nodes have alike are changed on the active one', {
    remedy: `change them on ${peer} and run dogwatch reload there: this node is given them`,
  });
}

function requireWritable({ path, obstacle }: SettingsFile): void {
  if (obstacle !== undefined) throw new DogwatchError('FILE_NOT_WRITTEN', `${path} cannot be replaced: ${obstacle}`);
}

/** @throws DogwatchError `SECRET_UNKNOWN` */
function withKnownSecrets(settings: string, current: string): string {
  const { text, missing } = withSecretsOf(settings, current);
  if (missing.length === 0) return text;
  throw new DogwatchError('SECRET_UNKNOWN', `that revision has other secrets than today's: ${missing.join(', ')}`, {
    remedy: 'revisions keep no secrets: edit the file by hand, and reload',
  });
}
