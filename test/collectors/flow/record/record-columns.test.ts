import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXPORTED_AT, RECEIVED_AT, rowOf, rowsOf } from '../../../support/compiled-records.ts';

const V6_SOURCE = '20010db8000000000000000000000001';
const V6_DESTINATION = '20010db8000000000000000000000002';
const V6_ZERO = '00'.repeat(16);

test('a usual record of IPv4 fills the columns and leaves nothing for extra', () => {
  const [row] = rowsOf(
    [
      [8, 4],
      [12, 4],
      [15, 4],
      [10, 2],
      [14, 4],
      [2, 4],
      [1, 8],
      [22, 4],
      [21, 4],
      [7, 2],
      [11, 2],
      [6, 1],
      [4, 1],
      [5, 1],
      [16, 4],
      [17, 2],
      [9, 1],
      [13, 1],
      [58, 2],
      [61, 1],
      [95, 4],
    ],
    'c0a80001 08080404 0a000001 0003 00010004 00000007 0000000100000002 000f3e58 000f4240 d431 01bb 12 06 b8' +
      ' 0000fde8 3b41 18 10 0064 01 0300001f',
    { observationDomain: 0xff_00_00_01 },
  );
  assert.deepEqual(row, {
    received_at: RECEIVED_AT,
    flow_start: EXPORTED_AT - 1_000_000 + 0 * 1000,
    flow_end: EXPORTED_AT,
    bytes: 4_294_967_298,
    packets: 7,
    in_if: 3,
    out_if: 65_540,
    src_as: 65_000,
    dst_as: 15_169,
    observation_domain: 0xff_00_00_01,
    src_port: 54_321,
    dst_port: 443,
    protocol: 6,
    tcp_flags: 0x12,
    tos: 0xb8,
    src_mask: 24,
    dst_mask: 16,
    vlan: 100,
    direction: 1,
    exporter: '192.0.2.1',
    src_addr: '192.168.0.1',
    dst_addr: '8.8.4.4',
    next_hop: '10.0.0.1',
    application_id: '3:31',
  });
});

test('IPv6 addresses, masks and next hop fill the same columns', () => {
  assert.deepEqual(
    rowOf(
      [
        [27, 16],
        [28, 16],
        [62, 16],
        [29, 1],
        [30, 1],
      ],
      `${V6_SOURCE}${V6_DESTINATION}${V6_SOURCE}4020`,
    ),
    {
      src_addr: '2001:db8::1',
      dst_addr: '2001:db8::2',
      next_hop: '2001:db8::1',
      src_mask: 64,
      dst_mask: 32,
    },
  );
});

test('an exporter with an IPv6 address is written whole', () => {
  const [row] = rowsOf([[4, 1]], '06', {
    exporterField: Buffer.from(`0000001403800010${V6_SOURCE}`, 'hex'),
  });
  assert.equal(row?.['exporter'], '2001:db8::1');
});

test('zero is NULL where it means unset: next hop, AS, mask, VLAN, observation domain', () => {
  assert.deepEqual(
    rowOf(
      [
        [15, 4],
        [16, 4],
        [17, 2],
        [9, 1],
        [13, 1],
        [58, 2],
        [4, 1],
      ],
      '00'.repeat(14) + '11',
    ),
    {
      protocol: 17,
    },
  );
});

const BOTH = [
  [8, 4],
  [12, 4],
  [27, 16],
  [28, 16],
  [9, 1],
  [29, 1],
  [13, 1],
  [30, 1],
] as const;

test('of two address families in a record, the one that is not all zero is taken', () => {
  assert.deepEqual(rowOf(BOTH, `00000000 00000000 ${V6_SOURCE} ${V6_DESTINATION} 00 40 00 30`), {
    src_addr: '2001:db8::1',
    dst_addr: '2001:db8::2',
    src_mask: 64,
    dst_mask: 48,
  });
  assert.deepEqual(rowOf(BOTH, `0a000001 0a000002 ${V6_ZERO} ${V6_ZERO} 18 00 10 00`), {
    src_addr: '10.0.0.1',
    dst_addr: '10.0.0.2',
    src_mask: 24,
    dst_mask: 16,
  });
});

test('of two address families that are both set, IPv4 is taken where no IP version tells, and the other is kept', () => {
  const row = rowOf(BOTH, `0a000001 0a000002 ${V6_SOURCE} ${V6_ZERO} 18 00 10 00`);
  assert.deepEqual([row['src_addr'], row['extra']], ['10.0.0.1', { sourceIPv6Address: '2001:db8::1' }]);
});

test('a source of 0.0.0.0 beside a set destination is still IPv4', () => {
  assert.deepEqual(rowOf(BOTH, `00000000 ffffffff ${V6_ZERO} ${V6_ZERO} 00 00 00 00`), {
    src_addr: '0.0.0.0',
    dst_addr: '255.255.255.255',
  });
});

test('the IP version decides between two families that are both set, the other one is kept', () => {
  const fields = [[60, 1], ...BOTH] as const;
  const tail = `0a000001 0a000002 ${V6_SOURCE} ${V6_DESTINATION} 18 40 18 40`;
  assert.deepEqual(rowOf(fields, `06 ${tail}`), {
    src_addr: '2001:db8::1',
    dst_addr: '2001:db8::2',
    src_mask: 64,
    dst_mask: 64,
    extra: {
      sourceIPv4Address: '10.0.0.1',
      destinationIPv4Address: '10.0.0.2',
      sourceIPv4PrefixLength: 24,
      destinationIPv4PrefixLength: 24,
    },
  });
  assert.equal(rowOf(fields, `04 ${tail}`)['src_addr'], '10.0.0.1');
});

test('an IPv4 record may have an IPv6 next hop, and a BGP next hop stands in where there is no other', () => {
  const fields = [
    [8, 4],
    [12, 4],
    [15, 4],
    [62, 16],
  ] as const;
  assert.equal(rowOf(fields, `0a000001 0a000002 00000000 ${V6_SOURCE}`)['next_hop'], '2001:db8::1');
  assert.equal(rowOf([[18, 4]], 'c6336401')['next_hop'], '198.51.100.1');
  assert.deepEqual(
    rowOf(
      [
        [15, 4],
        [18, 4],
      ],
      'c6336401 c6336402',
    ),
    {
      next_hop: '198.51.100.1',
      extra: { bgpNextHopIPv4Address: '198.51.100.2' },
    },
  );
});

test('prefixes stand in for addresses that the template does not have', () => {
  assert.deepEqual(
    rowOf(
      [
        [44, 4],
        [45, 4],
      ],
      '0a000000 0b000000',
    ),
    { src_addr: '10.0.0.0', dst_addr: '11.0.0.0' },
  );
});

test('counters of every length from 1 to 8 bytes are read', () => {
  for (let length = 1; length <= 8; length++) {
    const value = 2n ** BigInt(length * 8 - 1) - 5n;
    const hex = value.toString(16).padStart(length * 2, '0');
    const { bytes, in_if: inIf } = rowOf(
      [
        [1, length],
        [10, length],
      ],
      hex + hex,
    );
    assert.equal(BigInt(String(bytes)), value, `${length} bytes`);
    assert.equal(inIf, bytes, `${length} bytes`);
  }
});

test('a counter beyond 2^63-1 is NULL, its value is kept', () => {
  const { bytes, extra } = rowOf([[1, 8]], 'ffffffffffffffff');
  assert.equal(bytes, undefined);
  assert.deepEqual(extra, { octetDeltaCount: 2 ** 64 }); // (rounded where it is parsed, not in the row)
});

test('values that a narrow column cannot hold are NULL and kept', () => {
  assert.deepEqual(
    rowOf(
      [
        [4, 2],
        [5, 4],
        [58, 2],
        [7, 4],
      ],
      '9000 00010000 ffff 80000000',
    ),
    {
      extra: {
        protocolIdentifier: 36_864,
        ipClassOfService: 65_536,
        vlanId: 65_535,
        sourceTransportPort: 2_147_483_648,
      },
    },
  );
  assert.deepEqual(
    rowOf(
      [
        [4, 2],
        [7, 4],
      ],
      '0006 0000ffff',
    ),
    { protocol: 6, src_port: 65_535 },
  );
});

test('the first of several counters wins, the others are kept by name', () => {
  assert.deepEqual(
    rowOf(
      [
        [85, 4],
        [1, 4],
        [23, 4],
        [24, 2],
      ],
      '00000064 00000032 00000031 0007',
    ),
    {
      bytes: 50,
      packets: 7,
      extra: { octetTotalCount: 100, postOctetDeltaCount: 49 },
    },
  );
});

test('a repeated element fills the column once, the later ones are numbered', () => {
  assert.deepEqual(
    rowOf(
      [
        [8, 4],
        [8, 4],
        [8, 4],
        [4, 1],
        [4, 1],
      ],
      '0a000001 0a000002 0a000003 06 11',
    ),
    {
      src_addr: '10.0.0.1',
      protocol: 6,
      extra: { 'sourceIPv4Address.2': '10.0.0.2', 'sourceIPv4Address.3': '10.0.0.3', 'protocolIdentifier.2': 17 },
    },
  );
});

test('two bytes of TCP flags lose the data offset, which is no flag', () => {
  assert.deepEqual(rowOf([[6, 2]], '5fc2'), { tcp_flags: 0x0f_c2 });
});

test('a code point becomes a type of service', () => {
  assert.deepEqual(rowOf([[195, 1]], '2e'), { tos: 0xb8 });
});

test('an ICMP type and code stand in for the port, whichever element tells them', () => {
  assert.equal(
    rowOf(
      [
        [4, 1],
        [32, 2],
      ],
      '01 0303',
    )['dst_port'],
    0x03_03,
  );
  assert.equal(
    rowOf(
      [
        [4, 1],
        [11, 2],
        [32, 2],
      ],
      '01 0000 0800',
    )['dst_port'],
    0x08_00,
  );
  assert.equal(
    rowOf(
      [
        [4, 1],
        [11, 2],
        [139, 2],
      ],
      '3a 0000 8000',
    )['dst_port'],
    0x80_00,
  );
  assert.equal(
    rowOf(
      [
        [4, 1],
        [178, 1],
        [179, 1],
      ],
      '3a 81 01',
    )['dst_port'],
    0x81_01,
  );
  assert.deepEqual(
    rowOf(
      [
        [4, 1],
        [176, 1],
        [177, 1],
      ],
      '01 0b 01',
    ),
    { protocol: 1, dst_port: 0x0b_01 },
  );
});

test('what is no ICMP keeps its port', () => {
  assert.deepEqual(
    rowOf(
      [
        [4, 1],
        [11, 2],
        [32, 2],
      ],
      '06 0050 0000',
    ),
    { protocol: 6, dst_port: 80 },
  );
  assert.deepEqual(
    rowOf(
      [
        [4, 1],
        [11, 2],
        [32, 2],
      ],
      '11 0000 0000',
    ),
    { protocol: 17, dst_port: 0 },
  );
});

test('of ports that UDP and TCP have elements of their own for, the set one is taken', () => {
  const fields = [
    [4, 1],
    [180, 2],
    [181, 2],
    [182, 2],
    [183, 2],
  ] as const;
  assert.deepEqual(rowOf(fields, '06 0000 0000 d431 0050'), { protocol: 6, src_port: 54_321, dst_port: 80 });
  assert.deepEqual(rowOf(fields, '11 d431 0035 0000 0000'), { protocol: 17, src_port: 54_321, dst_port: 53 });
  assert.deepEqual(
    rowOf(
      [
        [4, 1],
        [181, 2],
        [183, 2],
        [32, 2],
      ],
      '06 0000 0050 0000',
    ),
    { protocol: 6, dst_port: 80 },
  );
});

test('application ids are told by engine and selector', () => {
  assert.equal(rowOf([[95, 4]], '0d0001bb')['application_id'], '13:443');
  assert.equal(rowOf([[95, 9]], '14 00000009 00000050')['application_id'], '20:9:80');
  assert.equal(rowOf([[95, 65_535]], '04 0600000a')['application_id'], '6:10');
  assert.equal(rowOf([[95, 4]], '00000000')['application_id'], undefined);
});

test('application ids of other lengths: longer ids are shown whole, a selector may exceed 64 bits', () => {
  assert.equal(rowOf([[95, 2]], '0106')['application_id'], '1:6');
  assert.equal(rowOf([[95, 3]], '030050')['application_id'], '3:80');
  assert.equal(rowOf([[95, 10]], '06 010000000000000000')['application_id'], '6:18446744073709551616');
  assert.deepEqual(rowOf([[95, 1]], '06'), { extra: { applicationId: '06' } });
});

test('long names and values in extra are written whole', () => {
  const name = 'x'.repeat(100); // longer than what is written by constants
  const row = rowOf(
    [
      [1, 1, 4],
      [82, 16],
      [148, 8],
      [383, 8],
    ],
    `00000007 ${'61'.repeat(15)}00 ${'ff'.repeat(8)} 001fffffffffffff`,
    {},
    [{ pen: 1, id: 1, name, type: 'unsigned32' }],
  );
  assert.deepEqual(row, {
    extra: {
      [name]: 7,
      interfaceName: 'a'.repeat(15),
      flowId: 2 ** 64,
      distinctCountOfDestinationIPv6Address: Number.MAX_SAFE_INTEGER,
    },
  });
});

test('elements without a column go to extra by name, or by numbers where they have none', () => {
  assert.deepEqual(
    rowOf(
      [
        [56, 6],
        [233, 1],
        [225, 4],
        [32_000, 12, 3],
        [210, 4],
      ],
      '020000000001 02 c6336407 abcdef 01020304',
    ),
    {
      extra: {
        sourceMacAddress: '02:00:00:00:00:01',
        firewallEvent: 2,
        postNATSourceIPv4Address: '198.51.100.7',
        '32000.12': 'abcdef',
      },
    },
  );
});

test('blank strings and zeros that say unset leave no trace', () => {
  assert.deepEqual(
    rowOf(
      [
        [40_000, 8],
        [82, 65_535],
        [72, 3],
        [4, 1],
      ],
      `${'00'.repeat(8)} 00 000000 06`,
    ),
    { protocol: 6 },
  );
});

test('fields of length zero take no room and leave no trace', () => {
  assert.deepEqual(
    rowOf(
      [
        [0, 0],
        [8, 0],
        [4, 1],
        [33, 0],
        [7, 2],
      ],
      '06 0050',
    ),
    { protocol: 6, src_port: 80 },
  );
});
