import assert from 'node:assert/strict';
import { test } from 'node:test';
import { annotatedYaml } from '../../src/config/annotated-yaml.ts';
import { parseValue } from '../../src/config/document.ts';
import { readEnvironment, variableOf } from '../../src/config/environment.ts';
import { configJsonSchema, leafSettings, type SettingSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { MASK, maskSecrets, maskUrl } from '../../src/config/mask.ts';
import { configSchema } from '../../src/config/schema.ts';

const MACHINE = { hostname: 'n1', stateDirectory: '/state', privilegedPorts: false };
const SCHEMA = configJsonSchema(MACHINE);

test('every setting and every group says what it is for', () => {
  const silent: string[] = [];
  const visit = (setting: SettingSchema, path: string): void => {
    for (const [key, below] of Object.entries(setting.properties ?? {})) {
      if (below.description === undefined) silent.push(`${path}.${key}`);
      visit(below, `${path}.${key}`);
    }
    if (setting.items !== undefined) visit(setting.items, `${path}[]`);
  };
  visit(SCHEMA, '');
  assert.deepEqual(silent, []);
});

test('the JSON Schema closes every group, so that editors mark unknown settings', () => {
  const text = JSON.stringify(SCHEMA);
  const groups = text.match(/"properties":/g)?.length;
  assert.equal(text.match(/"additionalProperties":false/g)?.length, groups);
  assert.equal(Reflect.get(SCHEMA, '$schema'), 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(SCHEMA.properties?.['batch']?.properties?.['age']?.default, '250ms');
});

test('no two settings share an environment variable, and each can be set by its own', () => {
  const leaves = [...leafSettings(SCHEMA)];
  const variables = leaves.map(({ path }) => variableOf(path));
  assert.equal(new Set(variables).size, variables.length);
  assert.ok(variables.includes('DOGWATCH_DATABASE__PASSWORD_FILE'));
  const { overrides, findings } = readEnvironment(Object.fromEntries(variables.map((name) => [name, 'x'])), SCHEMA);
  assert.deepEqual(findings, []);
  assert.deepEqual(
    overrides.map(({ path }) => path),
    leaves.map(({ path }) => path),
  );
});

test('the effective configuration is a file that gives itself again', () => {
  const environment = {
    DOGWATCH_BATCH__AGE: '1s',
    DOGWATCH_LISTENERS:
      '[{port: 1, allowFrom: [::1]}, {family: syslog, transport: tls, port: 2, idle: 1h, tls: {certificateFile: /c.pem}}]',
    DOGWATCH_SYSLOG__RULES: '[{name: a, action: limit, rate: 5/10m, severity: ">=info", facility: cron, app: [x, y]}]',
    DOGWATCH_FLOW__SAMPLING__EXPORTERS: '{192.0.2.0/24: 100}',
  };
  const { config, sources } = loadConfig({ directory: '/nowhere', environment, machine: MACHINE });
  const yaml = annotatedYaml(config, sources);
  assert.match(yaml, /^ {2}age: 1s {2}# DOGWATCH_BATCH__AGE$/m);
  assert.match(yaml, /receiveBuffer: 8MiB$/m);
  assert.match(yaml, /idle: 1h$/m);
  assert.match(yaml, /rate: 5\/10m$/m);
  assert.deepEqual(configSchema(MACHINE).parse(parseValue(yaml)), config);
});

test('passwords are masked wherever they stand', () => {
  const password = 'hunter2';
  const urls = [
    [`postgresql://u:${password}@db/x`, `postgresql://u:${MASK}@db/x`],
    [`postgresql://u:a/${password}@db/x`, `postgresql://u:${MASK}@db/x`],
    [`postgresql://u:a#?${password}@db/x`, `postgresql://u:${MASK}@db/x`],
    [
      `postgresql://u@db/x?sslmode=require&password=${password}`,
      `postgresql://u@db/x?sslmode=require&password=${MASK}`,
    ],
    ['postgresql://u@db:5432/x', 'postgresql://u@db:5432/x'],
  ];
  for (const [url = '', masked] of urls) assert.equal(maskUrl(url), masked);
  const environment = {
    DOGWATCH_DATABASE__URL: 'postgresql://u@db/x',
    DOGWATCH_DATABASE__PASSWORD: password,
    DOGWATCH_REDIS__URL: `redis://u:${password}@redis.example`,
    DOGWATCH_REDIS__PASSWORD: password,
  };
  const { config } = loadConfig({ directory: '/nowhere', environment, machine: MACHINE });
  assert.equal(JSON.stringify(config).match(/hunter2/g)?.length, 3);
  assert.doesNotMatch(JSON.stringify(maskSecrets(config)), /hunter2/);
});

test('every setting whose name speaks of a secret is masked', () => {
  const secrets = [...leafSettings(SCHEMA)]
    .map(({ path }) => path.join('.'))
    .filter((path) => /pass|secret|token|key$/i.test(path));
  assert.deepEqual(secrets.toSorted(), [
    'database.password',
    'database.passwordFile',
    // A path, as the other two files.
    'ha.secretFile',
    'notify.email.password',
    'notify.email.passwordFile',
    'redis.password',
    'redis.passwordFile',
  ]);
});
