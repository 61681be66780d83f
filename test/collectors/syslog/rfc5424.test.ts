import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsed, timeOf } from './parsed.ts';

test('the first example of RFC 5424, with its byte order mark, is read', () => {
  const message = parsed(
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed for lonvick on /dev/pts/8",
  );
  assert.deepEqual([message.facility, message.severity, message.version, message.format], [4, 2, 1, 'rfc5424']);
  assert.equal(timeOf(message), '2003-10-11T22:14:15.003000Z');
  assert.deepEqual(
    [message.hostname, message.appName, message.procId, message.msgId],
    ['mymachine.example.com', 'su', undefined, 'ID47'],
  );
  assert.equal(message.structuredData, undefined);
  assert.equal(message.text, "'su root' failed for lonvick on /dev/pts/8");
  assert.deepEqual(
    [message.lossy, message.reason, message.yearGuessed, message.zoneGuessed],
    [false, undefined, false, false],
  );
});

test('an offset and microseconds are kept to the microsecond', () => {
  const message = parsed(
    "<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time to make the do-nuts.",
  );
  assert.equal(timeOf(message), '2003-08-24T12:14:15.000003Z');
  assert.deepEqual(
    [message.appName, message.procId, message.text],
    ['myproc', '8710', "%% It's time to make the do-nuts."],
  );
});

test('several elements of structured data are read, with and without a message behind them', () => {
  const data =
    '[exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]';
  const wanted = {
    'exampleSDID@32473': { iut: '3', eventSource: 'Application', eventID: '1011' },
    'examplePriority@32473': { class: 'high' },
  };
  const alone = parsed(`<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ${data}`);
  assert.deepEqual(alone.structuredData, wanted);
  assert.equal(alone.text, '');
  const followed = parsed(`<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 ${data} An event`);
  assert.deepEqual(followed.structuredData, wanted);
  assert.equal(followed.text, 'An event');
});

test('only quote, backslash and bracket are escapes in a value', () => {
  const message = parsed('<13>1 - h a - - [x q="say \\"hi\\"" b="c:\\\\d" k="a\\]b" n="a\\nb"] text');
  assert.deepEqual(message.structuredData, { x: { q: 'say "hi"', b: 'c:\\d', k: 'a]b', n: 'a\\nb' } });
  assert.equal(message.text, 'text');
});

test('a parameter or an element that is called like a property of every object is kept', () => {
  const message = parsed('<13>1 - h a - - [__proto__ __proto__="1" constructor="2"] text');
  assert.deepEqual(Object.entries(message.structuredData!['__proto__']!), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
  assert.equal(({} as Record<string, unknown>)['constructor'], Object);
});

test('nil values are undefined, and all of them together make a message', () => {
  const message = parsed('<13>1 - - - - - -');
  assert.deepEqual(
    [
      message.timestampMicros,
      message.hostname,
      message.appName,
      message.procId,
      message.msgId,
      message.structuredData,
      message.text,
    ],
    [undefined, undefined, undefined, undefined, undefined, undefined, ''],
  );
  assert.equal(message.format, 'rfc5424');
});

test('a leap second becomes the first second of the next minute', () => {
  assert.equal(timeOf(parsed('<13>1 2016-12-31T23:59:60Z h a - - - x')), '2017-01-01T00:00:00.000000Z');
});

test('digits finer than microseconds are cut, not rounded', () => {
  assert.equal(timeOf(parsed('<13>1 2026-03-05T11:22:33.123456999Z h a - - - x')), '2026-03-05T11:22:33.123456Z');
});

test('a date that does not exist leaves the time open and says why', () => {
  const message = parsed('<13>1 2026-02-30T11:22:33Z h a - - - x');
  assert.deepEqual(
    [message.timestampMicros, message.reason, message.hostname, message.text],
    [undefined, 'timestamp', 'h', 'x'],
  );
});

test('malformed structured data stays in the text and is the reason', () => {
  const message = parsed('<13>1 2026-03-05T11:22:33Z h a 1 m [incorrect x] qwerty');
  assert.deepEqual(
    [message.structuredData, message.reason, message.text],
    [undefined, 'structured-data', '[incorrect x] qwerty'],
  );
});

test('blanks that belong to the message stay in it', () => {
  assert.equal(parsed('<13>1 2026-03-05T11:22:33Z h a - - -  two blanks ').text, ' two blanks ');
});

test('a tag right behind the host is understood where the rest of the header is missing', () => {
  const message = parsed('<11>1 2026-03-05T11:22:33Z 192.0.2.7 log: K="v" MSG="s"');
  assert.deepEqual([message.hostname, message.appName, message.text], ['192.0.2.7', 'log', 'K="v" MSG="s"']);
  assert.equal(message.reason, 'structured-data');
});

test('a header without PRI is marked by the missing facility', () => {
  const message = parsed('1 2026-03-05T11:22:33Z h a 7 - - text');
  assert.deepEqual(
    [message.facility, message.severity, message.format, message.procId],
    [undefined, undefined, 'rfc5424', '7'],
  );
});
