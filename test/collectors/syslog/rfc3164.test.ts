import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsed, timeOf } from './parsed.ts';

test('the first example of RFC 3164 is read', () => {
  const message = parsed(
    "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
    '2025-10-11T22:15:00Z',
  );
  assert.deepEqual([message.facility, message.severity, message.format], [4, 2, 'rfc3164']);
  assert.deepEqual(
    [message.hostname, message.appName, message.text],
    ['mymachine', 'su', "'su root' failed for lonvick on /dev/pts/8"],
  );
  assert.equal(timeOf(message), '2025-10-11T22:14:15.000000Z');
  assert.deepEqual([message.yearGuessed, message.zoneGuessed], [true, true]);
});

test('without a stamp all behind the PRI is the message, as RFC 3164 says of its third example', () => {
  const message = parsed('<0>1990 Oct 22 10:52:01 TZ-6 scapegoat.dmz.example.org 10.1.2.3 sched[0]: That');
  assert.deepEqual([message.facility, message.severity], [0, 0]);
  assert.equal(timeOf(message), '1990-10-22T10:52:01.000000Z');
  assert.equal(parsed('<13>Use the BFG!').text, 'Use the BFG!');
});

const tags: [string, string | undefined, string | undefined, string | undefined, string][] = [
  ['host sshd[123]: text', 'host', 'sshd', '123', 'text'],
  ['host sshd[123]:text', 'host', 'sshd', '123', 'text'],
  ['host sshd(pam_unix)[12]: text', 'host', 'sshd(pam_unix)', '12', 'text'],
  ['host sshd[123] text', 'host', 'sshd', '123', 'text'],
  ['host su:text', 'host', 'su', undefined, 'text'],
  ['host : text', 'host', undefined, undefined, 'text'],
  ['sshd[123]: no host', undefined, 'sshd', '123', 'no host'],
  ['haproxy: no host', undefined, 'haproxy', undefined, 'no host'],
  ['2001:db8::1 su: text', '2001:db8::1', 'su', undefined, 'text'],
  ['2001:db8:: su: text', '2001:db8::', 'su', undefined, 'text'],
  ['192.0.2.7 a sentence', '192.0.2.7', undefined, undefined, 'a sentence'],
  ['[192.0.2.7] tag: text', '192.0.2.7', 'tag', undefined, 'text'],
  ['host see http://192.0.2.7/ there', 'host', undefined, undefined, 'see http://192.0.2.7/ there'],
  ['host http://192.0.2.7/ is down', 'host', undefined, undefined, 'http://192.0.2.7/ is down'],
  ['CCLogTap::profileRemoved, Owner: x', undefined, undefined, undefined, 'CCLogTap::profileRemoved, Owner: x'],
  ['host -- MARK --', 'host', undefined, undefined, '-- MARK --'],
  ['Message forwarded from aix1: su: text', 'aix1', 'su', undefined, 'text'],
  ['Übergröße su: text', 'Übergröße', 'su', undefined, 'text'],
  ['', undefined, undefined, undefined, ''],
  ['host', 'host', undefined, undefined, ''],
];
for (const [rest, hostname, appName, procId, text] of tags) {
  test(`behind the stamp, "${rest}" is told apart`, () => {
    const message = parsed(`<14>Mar  5 11:22:33 ${rest}`);
    assert.deepEqual(
      [message.hostname, message.appName, message.procId, message.text],
      [hostname, appName, procId, text],
    );
  });
}

test('a message without PRI has neither facility nor severity', () => {
  const message = parsed('Mar  5 11:22:33 host su[1]: text');
  assert.deepEqual(
    [message.facility, message.severity, message.hostname, message.appName],
    [undefined, undefined, 'host', 'su'],
  );
});

test('text without any header is raw and says so', () => {
  const message = parsed('This is not really a syslog message');
  assert.deepEqual(
    [message.format, message.reason, message.text],
    ['raw', 'no header', 'This is not really a syslog message'],
  );
});

test('a PRI above 191 is kept in the raw text', () => {
  const message = parsed('<192>Mar  5 11:22:33 host text');
  assert.deepEqual(
    [message.facility, message.reason, message.text],
    [undefined, 'priority', '<192>Mar  5 11:22:33 host text'],
  );
});

for (const priority of ['<abc>', '<-1>', '<>', '<1', '< 13>', '<1234>']) {
  test(`${priority} is no PRI`, () => assert.equal(parsed(`${priority}Mar  5 11:22:33 host text`).facility, undefined));
}

test('blanks and newlines before the PRI, and newlines and NULs at the end, are not part of the message', () => {
  const message = parsed('\n <13>Mar  5 11:22:33 host tag: text\r\n\0\n');
  assert.deepEqual([message.facility, message.text, message.lossy], [1, 'text', false]);
});

test('bytes that are not UTF-8 are replaced and the message is marked', () => {
  const message = parsed(
    Buffer.concat([Buffer.from('<13>Mar  5 11:22:33 host tag: caf'), Buffer.from([0xe9]), Buffer.from(' au lait')]),
  );
  assert.deepEqual([message.text, message.lossy], ['caf\uFFFD au lait', true]);
});

test('a replacement character that was sent is no damage', () => {
  assert.equal(parsed('<13>Mar  5 11:22:33 host tag: caf\uFFFD').lossy, false);
});

test('NUL inside the text, which PostgreSQL refuses, is replaced and the message is marked', () => {
  const message = parsed('<13>Mar  5 11:22:33 host tag: a\0b');
  assert.deepEqual([message.text, message.lossy], ['a\uFFFDb', true]);
});

test('an octet count in a datagram is passed over', () => {
  const message = parsed('33 <34>raw message with a pri header');
  assert.deepEqual([message.facility, message.text], [4, 'raw message with a pri header']);
});
