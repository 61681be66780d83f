import type { SharedEngine } from '../../../collectors/snmp/usm/engines/engine-identity.ts';
import type { HandedOver, HandOver, Preparation, Prepared } from '../../../ha/role/ports.ts';
import type { WarmEntry } from '../../../collectors/warm-state.ts';
import type { WarmKindStatus } from '../../keeper/warm-store.ts';
import type { SettingsNews, SettingsVerdict } from '../../settings/settings-peer.ts';
import type { PairEvent } from '../events/pair-event.ts';
import type { PairNodeStatus } from '../pair-status.ts';

/** What a node says of itself every second, beside its beats. */
export interface PairReport {
  readonly status: PairNodeStatus;
  /** Our SNMP engine, as senders of informs know it; its start as an age, since the nodes' clocks have nothing in common. */
  readonly engine: Omit<SharedEngine, 'startedAtMs'> & { readonly ageMs: number };
  /** MACs of its interfaces that may answer for the virtual IP. */
  readonly macs: readonly string[];
}

/** What the nodes of a pair say to each other over the encrypted link; both sides speak alike. */
export interface PairWords {
  readonly messages: {
    readonly 'pair.report': PairReport;
    readonly 'pair.event': PairEvent;
  };
  readonly requests: {
    readonly 'pair.prepare': { readonly body: Preparation; readonly answer: Prepared };
    readonly 'pair.hand-over': { readonly body: HandOver; readonly answer: HandedOver };
    /** An operator's wish, told to the node that does not have the role; it is handed on to the one that has. */
    readonly 'pair.switchover': { readonly body: SwitchoverWish; readonly answer: SwitchoverAnswer };
    /** Warm state; answered when it was taken. */
    readonly 'pair.warm': { readonly body: WarmNews; readonly answer: undefined };
    /** What the other node has of each kind. */
    readonly 'pair.warm-digests': {
      readonly body: undefined;
      readonly answer: Readonly<Record<string, WarmKindStatus>>;
    };
    /** Of the shared settings, by their paths: to say which differ. */
    readonly 'pair.setting-digests': { readonly body: undefined; readonly answer: Readonly<Record<string, string>> };
    /** Shared settings become the other node's as well, after a check there. */
    readonly 'pair.settings': { readonly body: SettingsNews; readonly answer: SettingsVerdict };
  };
}

export interface SwitchoverWish {
  readonly to: string | undefined;
  readonly force: boolean;
}

export interface SwitchoverAnswer {
  /** Why not; undefined: it is done. */
  readonly refusal: string | undefined;
  readonly summary: string;
  readonly epoch: number;
}

export interface WarmNews {
  readonly entries: readonly WarmEntry[];
  /** Only what is not known there is new: neither node is the one that knows best. */
  readonly isMerge?: boolean;
  /** This message is the last of a merge. */
  readonly endsMerge?: boolean;
  /** A kind of which everything is told anew; what was not told when it ends is known no more. */
  readonly anew?: { readonly kind: string; readonly isFirst: boolean; readonly isLast: boolean };
  /** Data that waits for its template, as far as it was told, is the receiver's from now on: the teller does not lead. */
  readonly gives?: boolean;
  /** Kinds that differed when the node that leads compared them. */
  readonly differing?: readonly string[];
}
