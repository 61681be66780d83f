import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FilterSubject } from '../../../../collectors/syslog/filter/filter-subject.ts';
import type { RuleSettings } from '../../../../collectors/syslog/filter/rule-settings.ts';
import { SyslogRules } from '../../../../collectors/syslog/filter/syslog-rules.ts';
import { silentLog } from '../../../../src/runtime/log.ts';
import { HandClock, LogLines } from '../../../support/hand-clock.ts';

interface Given {
  device?: string;
  transport?: FilterSubject['transport'];
  atSeconds?: number;
  facility?: number;
  severity?: number;
  host?: string;
  app?: string;
  mnemonic?: string;
  vendor?: string;
  text?: string;
}

function subject(given: Given = {}): FilterSubject {
  return {
    device: given.device ?? '192.0.2.1',
    transport: given.transport ?? 'udp',
    receivedAtMicros: (given.atSeconds ?? 1_800_000_000) * 1e6,
    facility: given.facility ?? 16,
    severity: given.severity ?? 6,
    hostname: () => given.host,
    appName: () => given.app,
    mnemonic: () => given.mnemonic,
    vendor: () => given.vendor,
    text: () => given.text,
  };
}

function rulesOf(...rules: RuleSettings[]): SyslogRules {
  return new SyslogRules({ rules, maxDevices: 100 }, new HandClock(), silentLog);
}

/** Whether one rule with these conditions meets a message. */
function isMet(conditions: Partial<RuleSettings>, given: Given): boolean {
  return rulesOf({ name: 'it', action: 'drop', ...conditions }).judge(subject(given)).drop;
}

test('without rules every message is kept, without tags', () => {
  assert.deepEqual(rulesOf().judge(subject()), { drop: false, tags: [] });
});

test('each condition meets what it names and nothing else', () => {
  const cases: [Partial<RuleSettings>, Given, Given][] = [
    [{ from: ['192.0.2.0/24'] }, { device: '192.0.2.255' }, { device: '192.0.3.0' }],
    [{ from: ['2001:db8::/32'] }, { device: '2001:db8:1::1' }, { device: '192.0.2.1' }],
    [{ transport: ['tls', 'relp'] }, { transport: 'relp' }, { transport: 'udp' }],
    [{ severity: [6, 7] }, { severity: 7 }, { severity: 5 }],
    [{ severity: [-1] }, { severity: -1 }, { severity: 0 }],
    [{ facility: [0, 23] }, { facility: 23 }, { facility: 22 }],
    [{ facility: [-1] }, { facility: -1 }, { facility: 0 }],
    [{ app: ['ssh*'] }, { app: 'sshd' }, { app: 'openssh' }],
    [{ app: ['sshd'] }, { app: 'SSHD' }, {}],
    [{ host: ['*.lab.example', 'r?'] }, { host: 'R1' }, { host: 'r12' }],
    [{ vendor: ['cisco'] }, { vendor: 'cisco' }, { vendor: 'juniper' }],
    [{ mnemonic: ['*-UPDOWN'] }, { mnemonic: 'LINK-3-UPDOWN' }, { mnemonic: 'SYS-5-CONFIG_I' }],
    [{ contains: ['a', 'link down'] }, { text: 'the link down' }, { text: 'the Link down' }],
    [{ pattern: 'port (22|23)$' }, { text: 'to port 23' }, { text: 'to port 234' }],
    [{ pattern: '(?i)DENIED' }, { text: 'was denied' }, {}],
  ];
  for (const [conditions, met, unmet] of cases) {
    assert.ok(isMet(conditions, met), `${JSON.stringify(conditions)} meets ${JSON.stringify(met)}`);
    assert.ok(!isMet(conditions, unmet), `${JSON.stringify(conditions)} does not meet ${JSON.stringify(unmet)}`);
  }
});

test('a text is made once for all rules, anew for each message, and not for rules that do not ask', () => {
  let made = 0;
  const asked = (text: string): FilterSubject => ({ ...subject(), text: () => (made++, text) });
  const rules = rulesOf(
    { name: 'a', action: 'tag', tags: ['a'], contains: ['one'] },
    { name: 'b', action: 'tag', tags: ['b'], pattern: 'tw[o]' },
    { name: 'c', action: 'tag', tags: ['c'], contains: ['two'] },
    { name: 'd', action: 'drop', severity: [0], contains: ['two'] },
  );
  assert.deepEqual(rules.judge(asked('one')).tags, ['a']);
  assert.deepEqual(rules.judge(asked('two')).tags, ['b', 'c']);
  assert.equal(made, 2);
  rulesOf({ name: 'd', action: 'drop', severity: [0], contains: ['two'] }).judge(asked('two'));
  assert.equal(made, 2);
});

test('a rule needs all of its conditions', () => {
  const conditions = { severity: [6], contains: ['x'], app: ['cron'] };
  assert.ok(isMet(conditions, { severity: 6, text: 'x', app: 'cron' }));
  assert.ok(!isMet(conditions, { severity: 6, text: 'x', app: 'sshd' }));
  assert.ok(!isMet(conditions, { severity: 5, text: 'x', app: 'cron' }));
});

test('the first drop or keep that is met decides, and later rules are not asked', () => {
  const rules = rulesOf(
    { name: 'keep errors', action: 'keep', severity: [0, 1, 2, 3] },
    { name: 'drop cron', action: 'drop', app: ['cron'] },
    { name: 'tag the rest', action: 'tag', tags: ['rest'] },
  );
  assert.deepEqual(rules.judge(subject({ severity: 3, app: 'cron' })), { drop: false, tags: [] });
  assert.equal(rules.judge(subject({ severity: 6, app: 'cron' })).drop, true);
  assert.deepEqual(rules.judge(subject({ severity: 6, app: 'sshd' })), { drop: false, tags: ['rest'] });
  assert.deepEqual(rules.counts(), [
    { name: 'keep errors', action: 'keep', matched: 1, dropped: 0, skipped: 0 },
    { name: 'drop cron', action: 'drop', matched: 1, dropped: 1, skipped: 0 },
    { name: 'tag the rest', action: 'tag', matched: 1, dropped: 0, skipped: 0 },
  ]);
});

test('tags gather over rules, each once and in order, and a keep adds its own', () => {
  const rules = rulesOf(
    { name: 'a', action: 'tag', tags: ['lab', 'noisy'] },
    { name: 'b', action: 'tag', tags: ['noisy', 'core'] },
    { name: 'c', action: 'keep', tags: ['kept'] },
    { name: 'd', action: 'tag', tags: ['never'] },
  );
  assert.deepEqual(rules.judge(subject()).tags, ['lab', 'noisy', 'core', 'kept']);
  assert.deepEqual(rules.judge(subject()).tags, ['lab', 'noisy', 'core', 'kept'], 'and again the same');
});

test('a rule for one subnet says nothing of devices elsewhere, also after they took turns', () => {
  const rules = rulesOf(
    { name: 'lab', action: 'drop', from: ['198.51.100.0/24'] },
    { name: 'all', action: 'tag', tags: ['seen'] },
  );
  for (let turn = 0; turn < 3; turn++) {
    assert.equal(rules.judge(subject({ device: '198.51.100.9' })).drop, true);
    assert.deepEqual(rules.judge(subject({ device: '192.0.2.1' })).tags, ['seen']);
  }
});

test('a limit lets a burst of its rate pass, and then as much as the rate gives back', () => {
  const rules = rulesOf({ name: 'limit', action: 'limit', rate: { messages: 10, perMs: 1000 } });
  const passed = (atSeconds: number, times: number) =>
    Array.from({ length: times }, () => rules.judge(subject({ atSeconds }))).filter(({ drop }) => !drop).length;
  assert.equal(passed(1000, 25), 10);
  assert.equal(passed(1000.5, 25), 5);
  assert.equal(passed(1100, 25), 10);
  assert.equal(passed(1050, 25), 0, 'the clock was set back: nothing is given for it');
  assert.equal(passed(1050.5, 25), 5, 'nor taken');
  assert.deepEqual(rules.counts(), [{ name: 'limit', action: 'limit', matched: 125, dropped: 95, skipped: 0 }]);
});

test('a rate is each device’s own, or shared by all with by: rule', () => {
  const judged = (by: 'device' | 'rule') => {
    const rules = rulesOf({ name: 'limit', action: 'limit', by, rate: { messages: 1, perMs: 60_000 } });
    return ['192.0.2.1', '192.0.2.2', '192.0.2.1'].map((device) => rules.judge(subject({ device })).drop);
  };
  assert.deepEqual(judged('device'), [false, false, true]);
  assert.deepEqual(judged('rule'), [false, true, true]);
});

test('rates are kept for a bounded number of devices, and those that still send keep theirs', () => {
  const rules = rulesOf({ name: 'limit', action: 'limit', rate: { messages: 1, perMs: 3_600_000 } });
  assert.equal(rules.judge(subject({ device: '192.0.2.1' })).drop, false);
  for (let index = 0; index < 10_000; index++) {
    rules.judge(subject({ device: `10.0.${index >> 8}.${index & 255}` }));
    if (index % 10 === 0) assert.equal(rules.judge(subject({ device: '192.0.2.1' })).drop, true);
  }
  assert.equal(rules.judge(subject({ device: '10.0.0.1' })).drop, false, 'forgotten long ago');
});

test('the log says once how many messages a limit held back, after the flood is over', async () => {
  const clock = new HandClock();
  const lines = new LogLines();
  const settings: RuleSettings = { name: 'noise', action: 'limit', rate: { messages: 5, perMs: 60_000 } };
  const rules = new SyslogRules({ rules: [settings], maxDevices: 100 }, clock, lines.log);
  await rules.start();
  for (let index = 0; index < 47; index++) rules.judge(subject());
  clock.advance(10_000);
  assert.deepEqual(lines.all(), [], 'it may still go on');
  clock.advance(20_000);
  assert.equal(lines.all().length, 1);
  const [line] = lines.all();
  assert.deepEqual([line?.['rule'], line?.['device'], line?.['dropped']], ['noise', '192.0.2.1', 42]);
  clock.advance(3_600_000);
  assert.equal(lines.all().length, 1, 'and not again');
  await rules.stop();
});

test('a flood of a thousand senders costs a bounded number of lines', async () => {
  const clock = new HandClock();
  const lines = new LogLines();
  const settings: RuleSettings = { name: 'noise', action: 'limit', rate: { messages: 1, perMs: 60_000 } };
  const rules = new SyslogRules({ rules: [settings], maxDevices: 10_000 }, clock, lines.log);
  await rules.start();
  for (let index = 0; index < 6000; index++)
    rules.judge(subject({ device: `10.0.${(index >> 8) % 12}.${index & 255}` }));
  clock.advance(60_000);
  assert.ok(lines.all().length > 0 && lines.all().length <= 20, `${lines.all().length} lines`);
  await rules.stop();
});

test('a text made to hurt backtracking costs a pattern nothing', { timeout: 5000 }, () => {
  const rules = rulesOf({ name: 'evil', action: 'drop', pattern: '^(a+)+$' });
  assert.equal(
    rules.judge(subject({ text: `${'a'.repeat(100_000)}!` })).drop,
    true,
    'only the start of it is looked at',
  );
  assert.equal(rules.judge(subject({ text: `${'a'.repeat(2000)}!` })).drop, false);
});

test('a pattern that takes more than a tenth of the time meets nothing until the second is over, and the log says so', async () => {
  const lines = new LogLines();
  const clock = new (class extends HandClock {
    ticks = 0;
    /** Each look at the clock takes 15 ms, so that each pattern does. */
    override monotonicMs(): number {
      return super.monotonicMs() + 15 * this.ticks++;
    }
  })();
  const settings: RuleSettings = { name: 'slow', action: 'tag', tags: ['x'], pattern: 'x[0-9]' };
  const rules = new SyslogRules({ rules: [settings], maxDevices: 100 }, clock, lines.log);
  await rules.start();
  const tagged = Array.from({ length: 20 }, () => rules.judge(subject({ text: 'x1' })).tags.length);
  assert.deepEqual(tagged.slice(0, 7), Array(7).fill(1));
  assert.deepEqual(tagged.slice(7), Array(13).fill(0));
  clock.advance(60_000);
  assert.equal(rules.judge(subject({ text: 'x1' })).tags.length, 1);
  clock.advance(120_000);
  assert.deepEqual(
    lines.all().map(({ rule, skipped }) => [rule, skipped]),
    [['slow', 13]],
  );
  assert.equal(rules.counts()[0]?.skipped, 13);
  await rules.stop();
});

test('a pattern that is none is refused with what is wrong in it', () => {
  assert.throws(() => rulesOf({ name: 'x', action: 'drop', pattern: 'a(b' }), {
    code: 'BAD_PATTERN',
    message: /missing closing/,
  });
  assert.throws(() => rulesOf({ name: 'x', action: 'drop', pattern: '(?=a)' }), { code: 'BAD_PATTERN' });
  assert.throws(() => rulesOf({ name: 'x', action: 'drop', pattern: 'a'.repeat(2000) }), { code: 'BAD_PATTERN' });
  assert.throws(() => rulesOf({ name: 'x', action: 'drop', pattern: 'x.{0,900}y' }), {
    code: 'BAD_PATTERN',
    message: /too large/,
  });
});
