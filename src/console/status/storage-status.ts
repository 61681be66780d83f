/** What the database takes and how long it has room, as of the last look of whoever keeps it. */
export interface StorageStatus {
  /** When it was looked at, ISO 8601. */
  readonly at: string;
  readonly tables: readonly TableStorageStatus[];
  /** All of them together. */
  readonly total: TableStorageStatus;
  /** Of the embedded database alone. */
  readonly disk: DiskStatus | undefined;
  /** The limit that is reached first if nothing changes. */
  readonly first: { readonly what: string; readonly days: number } | undefined;
  /** What is at 80 % of its limit, or of the disk. */
  readonly alarms: readonly { readonly what: string; readonly part: number }[];
  /** Since the start. */
  readonly dropped: {
    readonly partitionsOverAge: number;
    readonly partitionsOverSize: number;
    readonly bytesOverSize: number;
  };
}

export interface TableStorageStatus {
  readonly name: string;
  /** With indexes. */
  readonly bytes: number;
  /** An estimate. */
  readonly rows: number;
  readonly bytesPerDay: number | undefined;
  /** What `bytesPerDay` is from; of hours it is a guess. */
  readonly basis: 'days' | 'hours' | undefined;
  readonly maxBytes: number | undefined;
  /** Undefined where there is no limit, or age keeps the table below it. */
  readonly daysToLimit: number | undefined;
}

interface DiskStatus {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly daysUntilFull: number | undefined;
}

/** Why the room for rows needs a look, in words; empty while it does not. */
export function storageReasons({ alarms }: StorageStatus): string[] {
  return alarms.map(({ what, part }) => `${what} is used to ${Math.floor(part * 100)} %`);
}
